import { FailureError } from '@trivet/contracts';
import type { Command, Redis } from 'ioredis';
import { keys } from './keys.js';

/** How long a replica may take to have what was written; everything on the connection waits meanwhile. In ms. */
const KEPT_WITHIN_MS = 500;

/** Commands that write. What a worker says of itself every second is not worth the question. */
const WRITES = new Set(['evalsha', 'eval', 'exec', 'set', 'del', 'unlink', 'hset', 'hsetnx', 'hdel', 'hincrby', 'sadd', 'srem', 'zadd', 'zrem', 'rpush', 'lpush', 'lrem', 'ltrim', 'expire', 'pexpire', 'persist', 'incr', 'incrby']);
const PRESENCE = keys.workerIndex().slice(0, keys.workerIndex().indexOf('}') + 1);

export interface ReplicaWatch {
  isWrite: (command: Command) => boolean;
  /** The reply to a write, once the replicas have it too; rejects with `unavailable` when it is not known that they do. */
  whenKept: <Reply>(reply: Promise<Reply>) => Promise<Reply>;
  /** Asks for all writes since the last time. */
  ask: () => void;
}

interface Question {
  answer: Promise<number>;
  put: (answer: Promise<unknown>) => void;
}

/**
 * Has each write wait until so many replicas have it (WAIT), so that it is there after one of them was made the primary. The
 * question goes with the writes, in the same piece: it costs them one more reply, not a round trip. On a replica with
 * `appendfsync always` it is answered after the fsync.
 * An answer counts only for what was executed on the same connection: after a failover the next server would say of itself that
 * all is kept, of which it knows nothing.
 *
 * @param wait sends WAIT with these words
 */
export function createReplicaWatch(redis: Redis, replicas: number, wait: (words: string[]) => Promise<unknown>): ReplicaWatch {
  let connection = 0;
  let question: Question | null = null;
  redis.on('close', () => (connection += 1));

  async function confirmed(answer: Promise<number>, since: number): Promise<void> {
    const copies = await answer.catch(() => 0);
    if (connection !== since) throw new FailureError('unavailable', 'The connection to Redis was lost before its replicas had what was written.');
    if (copies >= replicas) return;
    throw new FailureError('unavailable', `Redis has written it, and ${copies} of ${replicas} replicas had it within ${KEPT_WITHIN_MS} ms.`, { hint: 'See that the replicas of Redis are up and follow it (INFO replication), or lower TRIVET_REDIS_REPLICAS.' });
  }

  return {
    isWrite: (command) => WRITES.has(command.name.toLowerCase()) && !String(command.args[0]).startsWith(PRESENCE),
    whenKept: (reply) => {
      const { answer } = (question ??= createQuestion());
      const kept = reply.then(async (value) => {
        await confirmed(answer, connection);
        return value;
      });
      // A command that is sent again after a reconnect has nobody who hears of it here.
      kept.catch(() => undefined);
      return kept;
    },
    ask: () => {
      question?.put(wait([String(replicas), String(KEPT_WITHIN_MS)]));
      question = null;
    },
  };
}

function createQuestion(): Question {
  let put: Question['put'] = () => undefined;
  const answer = new Promise<number>((resolve, reject) => (put = (reply) => void reply.then((copies) => resolve(Number(copies)), reject)));
  answer.catch(() => undefined);
  return { answer, put };
}
