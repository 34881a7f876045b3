import { randomUUID } from 'node:crypto';
import { PRIORITIES } from '@trivet/contracts';
import { keys, parseMember, partitionOfRef, PARTITIONS, type WorkflowRef } from '../keys.js';
import { defineScript, scanKeys, withRedis, type Redis } from '../redis.js';

/** Up to where everything that the journal holds is known to be in Redis. */
export interface Checkpoint {
  /** When the stream of the journal was made: one made anew has lost what it held. */
  stream: string;
  /** The last message of the stream when this was written: its commit was in Redis before it was in the stream. */
  seq: number;
}

/** A message of the journal that is marked as journaled. */
export interface Witness {
  seq: number;
  messageId: string;
}

/** A partition, or what belongs to no workflow. */
export type WitnessOf = number | 'facts';

/** What is known of this Redis: whether its partitions may be used, and how far it can be trusted. */
export interface RecoveryState {
  /** Names the running server: another one after each restart. */
  runId: () => Promise<string>;
  /** Whether all partitions are open, as checked for the server that runs now. */
  isOpen: (runId: string) => Promise<boolean>;
  /** No partition takes a commit or deals a call. */
  freeze: () => Promise<void>;
  open: (runId: string) => Promise<void>;
  checkpoint: () => Promise<Checkpoint | null>;
  /**
   * Only when it is still the one that is known, on the server that is known: what somebody else found out meanwhile stays,
   * and one that was started anew, emptied or with older data, is not taken for one that has it all.
   */
  setCheckpoint: (checkpoint: Checkpoint, known: { checkpoint: Checkpoint | null; runId: string }) => Promise<boolean>;
  leaveWitness: (of: WitnessOf, witness: Witness) => Promise<void>;
  witnesses: () => Promise<Witness[]>;
  /** What is not in the journal any more on purpose is no witness. */
  dropWitnesses: (isGone: (witness: Witness) => boolean) => Promise<void>;
  /** The journal has lost something: no checkpoint holds until it is filled again, and no witness. */
  distrustJournal: () => Promise<void>;
  /** One process restores at a time; must be extended before it lapses. */
  lease: (owner: string, ttlMs: number) => Promise<boolean>;
  giveUp: (owner: string) => Promise<void>;
  /** How many events of each workflow there are; null: no such record. `expired`: it left Redis as it should. */
  lengths: (refs: readonly WorkflowRef[]) => Promise<({ seq: number } | 'expired' | null)[]>;
  /** Takes away what there is of a workflow that is restored. */
  forget: (ref: WorkflowRef) => Promise<void>;
  /** Every workflow there is a record of. */
  workflows: () => AsyncGenerator<WorkflowRef>;
  /** Has the events of a workflow go to the journal again from here. */
  rejournal: (ref: WorkflowRef, from: number) => Promise<void>;
}

/** KEYS: lease · ARGV: owner, ttl */
const LEASE_LUA = `
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

/** KEYS: checkpoint · ARGV: the known one or nothing, the new one, the id of the running server or nothing where servers have none */
const CHECKPOINT_LUA = `
if ARGV[3] ~= '' and not string.find(redis.call('INFO', 'server'), 'run_id:' .. ARGV[3], 1, true) then return 0 end
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1`;

/**
 * KEYS: workflow, steps, events, due, journal, then the sets of calls that are sent, then as many as ARGV[5] queues, then the hashes of first calls.
 * ARGV: prefix of its calls, of its timers, journal member, number of sets, number of queues, tenant
 * A call that stayed behind in a set would take the room of another for ever: nobody ends what has no record.
 */
const FORGET_LUA = `
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
redis.call('ZREM', KEYS[5], ARGV[3])
local removed = 0
for _, member in ipairs(redis.call('ZRANGE', KEYS[4], 0, -1)) do
  if string.sub(member, 1, #ARGV[1]) == ARGV[1] or string.sub(member, 1, #ARGV[2]) == ARGV[2] then removed = removed + redis.call('ZREM', KEYS[4], member) end
end
local sets, queues = tonumber(ARGV[4]), tonumber(ARGV[5])
local isOurs = function(member) return string.sub(member, 1, #ARGV[1]) == ARGV[1] end
for index = 6, 5 + sets do
  for _, member in ipairs(redis.call('SMEMBERS', KEYS[index])) do if isOurs(member) then redis.call('SREM', KEYS[index], member) end end
end
for index = 6 + sets, 5 + sets + queues do
  for _, member in ipairs(redis.call('LRANGE', KEYS[index], 0, -1)) do if isOurs(member) then redis.call('LREM', KEYS[index], 0, member) end end
end
for index = 6 + sets + queues, #KEYS do
  local first = redis.call('HGET', KEYS[index], ARGV[6])
  if first and isOurs(first) then redis.call('HDEL', KEYS[index], ARGV[6]) end
end
return removed`;

/** KEYS: workflow, journal · ARGV: from, member */
const REJOURNAL_LUA = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'jn', ARGV[1])
redis.call('ZADD', KEYS[2], 0, ARGV[2])
return 1`;

const TIERS = ['tool', 'model'] as const;

const leaseScript = defineScript(LEASE_LUA, { always: true });
const checkpointScript = defineScript(CHECKPOINT_LUA, { always: true });
const forgetScript = defineScript(FORGET_LUA, { always: true });
const rejournalScript = defineScript(REJOURNAL_LUA, { always: true });

export function createRecoveryState(redis: Redis): RecoveryState {
  const setAll = async (fields: Record<string, string>): Promise<void> => {
    await withRedis(() => Promise.all(PARTITIONS.map((partition) => redis.hset(keys.partition(partition), fields))));
  };
  return {
    runId: async () => /run_id:(\w+)/.exec(await withRedis(() => redis.info('server')))?.[1] ?? '',
    isOpen: async (runId) => {
      const states = await withRedis(() => Promise.all(PARTITIONS.map((partition) => redis.hmget(keys.partition(partition), 'state', 'run'))));
      return states.every(([state, run]) => state === 'open' && run === runId);
    },
    freeze: () => setAll({ state: 'frozen' }),
    open: (runId) => setAll({ state: 'open', run: runId }),
    checkpoint: async () => {
      const text = await withRedis(() => redis.get(keys.checkpoint()));
      return text === null ? null : JSON.parse(text);
    },
    setCheckpoint: async (checkpoint, known) => (await checkpointScript.run(redis, [keys.checkpoint()], [known.checkpoint ? JSON.stringify(known.checkpoint) : '', JSON.stringify(checkpoint), known.runId])) === 1,
    leaveWitness: async (of, witness) => {
      await withRedis(() => redis.hset(keys.witnesses(), String(of), JSON.stringify(witness)));
    },
    witnesses: async () => Object.values(await withRedis(() => redis.hgetall(keys.witnesses()))).map((text): Witness => JSON.parse(text)),
    dropWitnesses: (isGone) => dropWitnesses(redis, isGone),
    distrustJournal: async () => {
      // Each loss by a name of its own: whoever fills the journal after an earlier one does not take this one for done.
      await withRedis(() => redis.set(keys.checkpoint(), JSON.stringify({ stream: `lost ${randomUUID()}`, seq: 0 })));
      await withRedis(() => redis.del(keys.witnesses()));
    },
    lease: async (owner, ttlMs) => (await leaseScript.run(redis, [keys.recoveryLease()], [owner, ttlMs])) === 1,
    giveUp: async (owner) => {
      await withRedis(async () => {
        if ((await redis.get(keys.recoveryLease())) === owner) await redis.del(keys.recoveryLease());
      });
    },
    lengths: (refs) =>
      withRedis(() =>
        Promise.all(
          refs.map(async (ref) => {
            const [seq, tombstone] = await Promise.all([redis.hget(keys.workflow(ref), 'seq'), redis.exists(keys.tombstone(ref))]);
            if (seq !== null) return { seq: Number(seq) };
            return tombstone === 1 ? 'expired' : null;
          }),
        ),
      ),
    forget: async (ref) => {
      const partition = partitionOfRef(ref);
      const name = `${ref.tenant}|${ref.workflowId}`;
      const sets = TIERS.map((tier) => keys.sent(partition, tier));
      const queues = TIERS.flatMap((tier) => PRIORITIES.map((priority) => keys.queue(partition, tier, ref.tenant, priority)));
      const firsts = TIERS.map((tier) => keys.first(partition, tier));
      await forgetScript.run(redis, [keys.workflow(ref), keys.steps(ref), keys.events(ref), keys.due(partition), keys.journal(partition), ...sets, ...queues, ...firsts], [`c|${name}|`, `t|${name}|`, name, sets.length, queues.length, ref.tenant]);
    },
    workflows: () => scanWorkflows(redis),
    rejournal: async (ref, from) => {
      await rejournalScript.run(redis, [keys.workflow(ref), keys.journal(partitionOfRef(ref))], [from, `${ref.tenant}|${ref.workflowId}`]);
    },
  };
}

async function dropWitnesses(redis: Redis, isGone: (witness: Witness) => boolean): Promise<void> {
  for (const [of, text] of Object.entries(await withRedis(() => redis.hgetall(keys.witnesses())))) {
    if (isGone(JSON.parse(text))) await withRedis(() => redis.hdel(keys.witnesses(), of));
  }
}

async function* scanWorkflows(redis: Redis): AsyncGenerator<WorkflowRef> {
  for await (const key of scanKeys(redis, '{w*}:wf:*')) {
    const [tenant, workflowId] = key.slice(key.indexOf(':wf:') + 4).split(':');
    const member = parseMember(`t|${tenant}|${workflowId}|x`);
    if (member) yield member.ref;
  }
}
