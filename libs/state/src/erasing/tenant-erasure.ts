import { WorkflowStatus, isTerminal } from '@trivet/contracts';
import { keys, PARTITIONS } from '../keys.js';
import { ZONES_KEY } from '../ledger/ledger-keys.js';
import { defineScript, scanKeys, withRedis, type Redis } from '../redis.js';
import { ownerOfKey } from './owner-of-key.js';
import { eraseKeys } from './workflow-erasure.js';

/** Takes a tenant out of Redis; its audit stays. Each of these may be repeated at will. */
export interface TenantErasure {
  /** How many of its workflows have not ended. */
  countOpen: (tenant: string) => Promise<number>;
  /** Whether some events of its workflows are not in the journal yet. */
  awaitsJournal: (tenant: string) => Promise<boolean>;
  /** Whether anything is kept of it, its audit aside. */
  exists: (tenant: string) => Promise<boolean>;
  /** All that is kept under its name, and where it is named among others. Looks at every key there is. */
  erase: (tenant: string) => Promise<void>;
  /** When each tenant that was erased was. */
  erasures: () => Promise<ReadonlyMap<string, string>>;
  note: (tenant: string, atIso: string) => Promise<void>;
}

/** KEYS: a set or sorted set · ARGV: how the members begin that go */
const REMOVE_MEMBERS_LUA = `
local kind = redis.call('TYPE', KEYS[1]).ok
local isSet = kind == 'set'
if not isSet and kind ~= 'zset' then return 0 end
local removed = 0
for _, member in ipairs(isSet and redis.call('SMEMBERS', KEYS[1]) or redis.call('ZRANGE', KEYS[1], 0, -1)) do
  for _, start in ipairs(ARGV) do
    if string.sub(member, 1, #start) == start then removed = removed + redis.call(isSet and 'SREM' or 'ZREM', KEYS[1], member) end
  end
end
return removed`;
const removeMembersScript = defineScript(REMOVE_MEMBERS_LUA, { always: true });

const TIERS = ['tool', 'model'] as const;
const AT_ONCE = 500;

export function createTenantErasure(redis: Redis): TenantErasure {
  const membersOf = async (tenant: string, key: (partition: number) => string, read: (name: string) => Promise<string[]>): Promise<string[]> =>
    (await withRedis(() => Promise.all(PARTITIONS.map((partition) => read(key(partition)))))).flat().filter((member) => member.startsWith(`${tenant}|`));
  return {
    countOpen: async (tenant) => (await Promise.all(PARTITIONS.map((partition) => openIn(redis, partition, tenant)))).reduce((sum, count) => sum + count, 0),
    awaitsJournal: async (tenant) => (await membersOf(tenant, keys.journal, (name) => redis.zrange(name, '0', '-1'))).length > 0,
    exists: async (tenant) => {
      const [policy, ownKeys] = await Promise.all([withRedis(() => redis.hexists(keys.policies(), tenant)), apiKeysOf(redis, tenant)]);
      if (policy === 1 || ownKeys.length > 0) return true;
      for await (const key of scanKeys(redis, `*:${tenant}*`)) if (ownerOfKey(key)?.tenant === tenant) return true;
      return false;
    },
    erase: async (tenant) => {
      await eraseAccess(redis, tenant);
      await eraseAmongOthers(redis, tenant);
      await eraseModules(redis, await modulesOf(redis, tenant));
      await eraseKeys(redis, `*:${tenant}*`, (owner) => owner.tenant === tenant);
    },
    erasures: async () => new Map(Object.entries(await withRedis(() => redis.hgetall(keys.erasedTenants())))),
    note: async (tenant, atIso) => void (await withRedis(() => redis.hset(keys.erasedTenants(), tenant, atIso))),
  };
}

/** By the records: the set of active ones lacks those that an earlier version began. */
async function openIn(redis: Redis, partition: number, tenant: string): Promise<number> {
  const workflowIds = await withRedis(() => redis.zrange(keys.list(partition, tenant), '0', '-1'));
  let open = 0;
  for (let start = 0; start < workflowIds.length; start += AT_ONCE) {
    const slice = workflowIds.slice(start, start + AT_ONCE);
    const statuses = await withRedis(() => Promise.all(slice.map((workflowId) => redis.hget(keys.workflow({ tenant, workflowId }), 'status'))));
    open += statuses.filter((status) => status !== null && !isTerminal(WorkflowStatus.parse(status))).length;
  }
  return open;
}

async function apiKeysOf(redis: Redis, tenant: string): Promise<string[]> {
  const all = Object.entries(await withRedis(() => redis.hgetall(keys.apiKeys())));
  return all.flatMap(([id, text]) => {
    const key: { tenant?: unknown } = JSON.parse(text);
    return key.tenant === tenant ? [id] : [];
  });
}

/** Its API keys first, so that nobody begins anything new meanwhile, and the sessions they opened. */
async function eraseAccess(redis: Redis, tenant: string): Promise<void> {
  const ids = await apiKeysOf(redis, tenant);
  if (ids.length === 0) return;
  await withRedis(() => Promise.all([redis.hdel(keys.apiKeys(), ...ids), redis.hdel(keys.apiKeyUses(), ...ids)]));
  for await (const key of scanKeys(redis, keys.session('*'))) {
    const session: { keyId?: string } = JSON.parse((await withRedis(() => redis.get(key))) ?? '{}');
    if (session.keyId !== undefined && ids.includes(session.keyId)) await withRedis(() => redis.del(key));
  }
}

async function eraseAmongOthers(redis: Redis, tenant: string): Promise<void> {
  const own = `${tenant}|`;
  const starts: readonly [key: string, begins: readonly string[]][] = [
    [keys.schedulesDue(), [own]],
    [keys.memoryDue(), [own]],
    ...PARTITIONS.flatMap((partition): [string, string[]][] => [
      [keys.due(partition), [`c|${own}`, `t|${own}`]],
      [keys.active(partition), [own]],
      [keys.journal(partition), [own]],
      ...TIERS.map((tier): [string, string[]] => [keys.sent(partition, tier), [`c|${own}`]]),
    ]),
  ];
  for (const [key, begins] of starts) await removeMembersScript.run(redis, [key], begins);
  await withRedis(() =>
    Promise.all([
      ...[keys.toolTenants(), keys.promptTenants(), keys.fileTenants(), keys.gateTenants()].map((set) => redis.srem(set, tenant)),
      redis.hdel(keys.policies(), tenant),
      redis.hdel(ZONES_KEY, tenant),
      ...PARTITIONS.flatMap((partition) => TIERS.map((tier) => redis.hdel(keys.first(partition, tier), tenant))),
    ]),
  );
  // What all tenants used is counted by tenant: `acme#c`.
  for await (const key of scanKeys(redis, '{w*}:usage:*')) if (ownerOfKey(key) === null) await withRedis(() => redis.hdel(key, ...['#c', '#i', '#o', '#u'].map((figure) => tenant + figure)));
}

/** Digests of the modules it uploaded. */
async function modulesOf(redis: Redis, tenant: string): Promise<string[]> {
  const versions = await withRedis(() => redis.hvals(keys.toolVersions(tenant)));
  return versions.map((text) => {
    const { digest }: { digest: string } = JSON.parse(text);
    return digest;
  });
}

/** A module that another tenant uploaded too stays. */
async function eraseModules(redis: Redis, digests: readonly string[]): Promise<void> {
  if (digests.length === 0) return;
  const others = await withRedis(() => redis.smembers(keys.toolTenants()));
  const needed = new Set((await Promise.all(others.map((tenant) => modulesOf(redis, tenant)))).flat());
  for (const digest of digests) if (!needed.has(digest)) await withRedis(() => redis.del(keys.toolModule(digest)));
}
