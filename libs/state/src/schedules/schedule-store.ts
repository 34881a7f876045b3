import type { Schedule } from '@trivet/contracts';
import { keys } from '../keys.js';
import { defineScript, NOW_LUA, scanKeys, withRedis, type Redis } from '../redis.js';

/** A schedule as it is kept, and the version by which two writers at once are told apart. */
export interface StoredSchedule {
  schedule: Schedule;
  version: number;
}

/** The schedules of all tenants, and when each is due. */
export interface ScheduleStore {
  /** Writes a schedule if its version is still the expected one (0: there is none yet); answers whether it was. */
  put: (schedule: Schedule, expectedVersion: number) => Promise<boolean>;
  get: (tenant: string, id: string) => Promise<StoredSchedule | null>;
  /** By id. */
  list: (tenant: string) => Promise<Schedule[]>;
  /** Tenants that have schedules. */
  tenants: () => Promise<string[]>;
  remove: (tenant: string, id: string) => Promise<boolean>;
  /** What is due by Redis' clock, hidden from others for a moment, and that time. */
  due: (most: number, hideMs: number) => Promise<{ nowMs: number; due: { tenant: string; id: string }[] }>;
}

/** KEYS: schedules of the tenant, due · ARGV: id, expected version, record, member, next (ms) or '' */
const PUT_LUA = `
local current = redis.call('HGET', KEYS[1], ARGV[1])
local version = 0
if current then version = cjson.decode(current).version end
if version ~= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
if ARGV[5] == '' then redis.call('ZREM', KEYS[2], ARGV[4]) else redis.call('ZADD', KEYS[2], tonumber(ARGV[5]), ARGV[4]) end
return 1`;

/** KEYS: schedules of the tenant, due · ARGV: id, member */
const REMOVE_LUA = `
redis.call('ZREM', KEYS[2], ARGV[2])
return redis.call('HDEL', KEYS[1], ARGV[1])`;

/** KEYS: due · ARGV: most, hideMs */
const DUE_LUA = `
${NOW_LUA}
local members = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, tonumber(ARGV[1]))
for _, member in ipairs(members) do redis.call('ZADD', KEYS[1], 'XX', now + tonumber(ARGV[2]), member) end
return {tostring(now), members}`;

const putScript = defineScript(PUT_LUA);
const removeScript = defineScript(REMOVE_LUA);
const dueScript = defineScript(DUE_LUA);

export function createScheduleStore(redis: Redis): ScheduleStore {
  const keyNames = (tenant: string): string[] => [keys.schedules(tenant), keys.schedulesDue()];
  return {
    put: async (schedule, expectedVersion) => {
      const next = schedule.nextAt === null ? '' : Date.parse(schedule.nextAt);
      const record = JSON.stringify({ version: expectedVersion + 1, schedule });
      return (await putScript.run(redis, keyNames(schedule.tenant), [schedule.id, expectedVersion, record, `${schedule.tenant}|${schedule.id}`, next])) === 1;
    },
    tenants: async () => {
      const prefix = keys.schedules('');
      const tenants = new Set<string>();
      for await (const key of scanKeys(redis, `${prefix}*`)) tenants.add(key.slice(prefix.length));
      return [...tenants];
    },
    get: async (tenant, id) => {
      const text = await withRedis(() => redis.hget(keys.schedules(tenant), id));
      return text === null ? null : readRecord(text);
    },
    list: async (tenant) => {
      const texts = await withRedis(() => redis.hvals(keys.schedules(tenant)));
      return texts.map((text) => readRecord(text).schedule).sort((left, right) => (left.id < right.id ? -1 : 1));
    },
    remove: async (tenant, id) => (await removeScript.run(redis, keyNames(tenant), [id, `${tenant}|${id}`])) === 1,
    due: async (most, hideMs) => {
      const reply = await dueScript.run(redis, [keys.schedulesDue()], [most, hideMs]);
      const [now, members] = Array.isArray(reply) ? reply : [];
      const due = Array.isArray(members) ? members.map(String).flatMap((member) => {
        const [tenant, id] = member.split('|');
        return tenant && id ? [{ tenant, id }] : [];
      }) : [];
      return { nowMs: Number(now), due };
    },
  };
}

const readRecord = (text: string): StoredSchedule => JSON.parse(text);
