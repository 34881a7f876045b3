import { keys, type WorkflowRef } from '../keys.js';
import { defineScript, NOW_LUA, withRedis, type Redis } from '../redis.js';

const LEASE_MS = 2_000;

/** KEYS: workflow, journal · ARGV: journaled up to, member */
const JOURNALED_LUA = `
local record = redis.call('HMGET', KEYS[1], 'jn', 'seq')
if not record[1] then redis.call('ZREM', KEYS[2], ARGV[2]); return 0 end
local upTo = math.max(tonumber(record[1]), tonumber(ARGV[1]))
redis.call('HSET', KEYS[1], 'jn', upTo)
if upTo >= tonumber(record[2]) then redis.call('ZREM', KEYS[2], ARGV[2]) end
return upTo`;

/** KEYS: relay · ARGV: owner, leaseMs */
const LEASE_LUA = `
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return owner end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]`;

/** Which events still have to go to the journal, and who takes them there: one relay a partition keeps the order. */
export interface JournalState {
  /** Takes or extends the lease of a partition, unless another orchestrator has it; says who has it now. */
  lease: (partition: number, owner: string) => Promise<string>;
  /** null: nobody has its lease. */
  ownerOf: (partition: number) => Promise<string | null>;
  giveUp: (partition: number, owner: string) => Promise<void>;
  /** Workflows with events that have waited for at least so long. */
  waiting: (partition: number, most: number, olderThanMs: number) => Promise<WorkflowRef[]>;
  journaledUpTo: (ref: WorkflowRef) => Promise<number>;
  markJournaled: (partition: number, ref: WorkflowRef, upTo: number) => Promise<void>;
}

/** KEYS: journal · ARGV: most, older than ms */
const WAITING_LUA = `
${NOW_LUA}
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]), 'LIMIT', 0, tonumber(ARGV[1]))`;

const waitingScript = defineScript(WAITING_LUA);
const journaledScript = defineScript(JOURNALED_LUA);
const leaseScript = defineScript(LEASE_LUA);

export function createJournalState(redis: Redis): JournalState {
  return {
    lease: async (partition, owner) => String(await leaseScript.run(redis, [keys.relay(partition)], [owner, LEASE_MS])),
    ownerOf: (partition) => withRedis(() => redis.get(keys.relay(partition))),
    giveUp: async (partition, owner) => {
      await withRedis(async () => {
        if ((await redis.get(keys.relay(partition))) === owner) await redis.del(keys.relay(partition));
      });
    },
    waiting: async (partition, most, olderThanMs) => {
      const members = await waitingScript.run(redis, [keys.journal(partition)], [most, olderThanMs]);
      if (!Array.isArray(members)) return [];
      return members.map(String).flatMap((member) => {
        const [tenant, workflowId] = member.split('|');
        return tenant && workflowId ? [{ tenant, workflowId }] : [];
      });
    },
    journaledUpTo: async (ref) => Number((await withRedis(() => redis.hget(keys.workflow(ref), 'jn'))) ?? 0),
    markJournaled: async (partition, ref, upTo) => {
      await journaledScript.run(redis, [keys.workflow(ref), keys.journal(partition)], [upTo, `${ref.tenant}|${ref.workflowId}`]);
    },
  };
}
