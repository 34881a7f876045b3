import { PRIORITIES } from '@trivet/contracts';
import { keys, partitionOfRef, type WorkflowRef } from '../keys.js';
import { defineScript, scanKeys, withRedis, type Redis } from '../redis.js';
import { ownerOfKey, type KeyOwner } from './owner-of-key.js';

/** Stands in the tombstone of an erased workflow, where one that expired has its hash. No hash is written so. */
export const ERASED = 'erased';

export interface EraseOptions {
  /** For how long its id is refused. */
  tombstoneMs: number;
  /** It was erased then, and this is an older copy: also one that is open goes, and none that began later. */
  erasedAtMs?: number;
}

/** Takes a workflow out of Redis. Each of these may be repeated at will. */
export interface WorkflowErasure {
  /** Its record, history and all that is due of it, in one step; a tombstone stays. `open`: it has not ended; `newer`: it began after it was erased. */
  eraseRecord: (ref: WorkflowRef, options: EraseOptions) => Promise<'erased' | 'open' | 'newer'>;
  /** What else is kept under names of these workflows of a tenant: claims, recorded results, accounts. Looks at every key there is. */
  eraseRest: (tenant: string, workflowIds: readonly string[]) => Promise<void>;
  isErased: (ref: WorkflowRef) => Promise<boolean>;
  /** Those that are remembered as erased, for a journal that lost it. */
  erased: () => AsyncGenerator<WorkflowRef>;
}

/**
 * KEYS: workflow, tombstone, list, active, journal, due, approvals, how it stands (steps, events, kv, snapshots, counted), then the
 * sets of calls that are sent, then the queues, then the hashes of first calls (as ARGV[6] and ARGV[7] count them).
 * ARGV: tenant, id, tombstone text, its ms (0: none), erased at ('' for now), number of sets, number of queues
 */
const ERASE_LUA = `
local tenant, id, at = ARGV[1], ARGV[2], tonumber(ARGV[5])
local record = redis.call('HMGET', KEYS[1], 'status', 'created')
if record[1] and at and tonumber(record[2] or '0') > at then return 'newer' end
local ended = { completed = true, failed = true, cancelled = true }
if record[1] and not at and not ended[record[1]] then return 'open' end
if tonumber(ARGV[4]) > 0 then redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4]) else redis.call('DEL', KEYS[2]) end
redis.call('DEL', KEYS[1], KEYS[8], KEYS[9], KEYS[10], KEYS[11], KEYS[12])
redis.call('ZREM', KEYS[3], id)
redis.call('SREM', KEYS[4], tenant .. '|' .. id)
redis.call('ZREM', KEYS[5], tenant .. '|' .. id)
local call, timer, approval = 'c|' .. tenant .. '|' .. id .. '|', 't|' .. tenant .. '|' .. id .. '|', id .. '|'
local function begins(text, with) return string.sub(text, 1, #with) == with end
for _, member in ipairs(redis.call('ZRANGE', KEYS[6], 0, -1)) do if begins(member, call) or begins(member, timer) then redis.call('ZREM', KEYS[6], member) end end
for _, member in ipairs(redis.call('ZRANGE', KEYS[7], 0, -1)) do if begins(member, approval) then redis.call('ZREM', KEYS[7], member) end end
local sets, queues = 12 + tonumber(ARGV[6]), 12 + tonumber(ARGV[6]) + tonumber(ARGV[7])
for index = 13, #KEYS do
  if index <= sets then for _, member in ipairs(redis.call('SMEMBERS', KEYS[index])) do if begins(member, call) then redis.call('SREM', KEYS[index], member) end end
  elseif index <= queues then for _, member in ipairs(redis.call('LRANGE', KEYS[index], 0, -1)) do if begins(member, call) then redis.call('LREM', KEYS[index], 0, member) end end
  else
    local first = redis.call('HGET', KEYS[index], tenant)
    if first and begins(first, call) then redis.call('HDEL', KEYS[index], tenant) end
  end
end
return 'erased'`;

const eraseScript = defineScript(ERASE_LUA, { always: true });
const TIERS = ['tool', 'model'] as const;
const BATCH = 500;

export function createWorkflowErasure(redis: Redis): WorkflowErasure {
  return {
    eraseRecord: async (ref, { tombstoneMs, erasedAtMs }) => {
      const partition = partitionOfRef(ref);
      const sets = TIERS.map((tier) => keys.sent(partition, tier));
      const queues = TIERS.flatMap((tier) => PRIORITIES.map((priority) => keys.queue(partition, tier, ref.tenant, priority)));
      const own = [keys.steps(ref), keys.events(ref), keys.kv(ref), keys.snapshots(ref), keys.counted(ref)];
      const shared = [keys.list(partition, ref.tenant), keys.active(partition), keys.journal(partition), keys.due(partition), keys.approvals(partition, ref.tenant)];
      const names = [keys.workflow(ref), keys.tombstone(ref), ...shared, ...own, ...sets, ...queues, ...TIERS.map((tier) => keys.first(partition, tier))];
      const reply = await eraseScript.run(redis, names, [ref.tenant, ref.workflowId, ERASED, Math.max(0, Math.round(tombstoneMs)), erasedAtMs ?? '', sets.length, queues.length]);
      return reply === 'open' || reply === 'newer' ? reply : 'erased';
    },
    eraseRest: async (tenant, workflowIds) => {
      const tombstones = workflowIds.map((workflowId) => keys.tombstone({ tenant, workflowId }));
      await eraseKeys(redis, `*:${tenant}:*`, (owner, key) => owner.tenant === tenant && owner.workflowId !== undefined && workflowIds.includes(owner.workflowId) && !tombstones.includes(key));
    },
    isErased: async (ref) => (await withRedis(() => redis.get(keys.tombstone(ref)))) === ERASED,
    erased: () => scanErased(redis),
  };
}

/** Takes away the keys of a pattern that somebody owns and `isMeant` names. @returns how many */
export async function eraseKeys(redis: Redis, pattern: string, isMeant: (owner: KeyOwner, key: string) => boolean): Promise<number> {
  let count = 0;
  let batch: string[] = [];
  const flush = async (): Promise<void> => {
    const names = batch;
    batch = [];
    // One by one: on a cluster they lie on different nodes.
    await withRedis(() => Promise.all(names.map((name) => redis.unlink(name))));
    count += names.length;
  };
  for await (const key of scanKeys(redis, pattern)) {
    const owner = ownerOfKey(key);
    if (owner && isMeant(owner, key)) batch.push(key);
    if (batch.length >= BATCH) await flush();
  }
  await flush();
  return count;
}

async function* scanErased(redis: Redis): AsyncGenerator<WorkflowRef> {
  for await (const key of scanKeys(redis, '{w*}:tomb:*')) {
    const owner = ownerOfKey(key);
    if (owner?.workflowId !== undefined && (await withRedis(() => redis.get(key))) === ERASED) yield { tenant: owner.tenant, workflowId: owner.workflowId };
  }
}
