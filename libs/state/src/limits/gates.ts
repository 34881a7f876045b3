import { FailureError, type Policy } from '@trivet/contracts';
import { keys, type WorkflowRef } from '../keys.js';
import { defineScript, redisTimeMs, withRedis, type Redis } from '../redis.js';
import { ENTER_LUA, LEAVE_LUA } from './gates.lua.js';

/** Limits that hold for one workflow, from its tenant's policy. */
export interface GateLimits {
  /** null: no limit. */
  tenantRunning: number | null;
  keyRunning: number | null;
  rate: { starts: number; perMs: number } | null;
}

export type Entering =
  | { status: 'entered' }
  /** line: others of the key came before. */
  | { status: 'waits'; because: 'line' | 'tenant' | 'key' | 'rate'; running: number; most: number };

export interface Waiting {
  workflowId: string;
  key: string;
}

export interface KeyFigures {
  key: string;
  queued: number;
  running: string[];
  oldestQueuedAtMs: number | null;
  starts: number;
}

/**
 * The gates before workflows that are limited at once or in rate. Who is inside is a set of workflow ids, not a count: a
 * crash leaves an id that has ended, which is found and taken out, never a slot that is lost.
 */
export interface Gates {
  /** Lets a workflow in, or puts it in the line of its key; may be asked again at will. */
  enter: (ref: WorkflowRef, key: string, limits: GateLimits, priorityRank: number) => Promise<Entering>;
  leave: (ref: WorkflowRef, key: string) => Promise<void>;
  /** Who is next in each line of a tenant. */
  heads: (tenant: string) => Promise<Waiting[]>;
  tenants: () => Promise<string[]>;
  /** Some that are inside, at random. */
  someInside: (tenant: string, most: number) => Promise<Waiting[]>;
  figures: (tenant: string) => Promise<{ nowMs: number; keys: KeyFigures[] }>;
}

const enterScript = defineScript(ENTER_LUA);
const leaveScript = defineScript(LEAVE_LUA);
const RANK_UNIT = 1e13;

export function createGates(redis: Redis): Gates {
  return {
    enter: async ({ tenant, workflowId }, key, limits, rank) => {
      const keyNames = [keys.gateInside(tenant), keys.gateKeyInside(tenant, key), keys.gateLine(tenant, key), keys.gateStarts(tenant, key), keys.gateKeys(tenant), keys.gateTenants()];
      const reply = await enterScript.run(redis, keyNames, [workflowId, key, limits.tenantRunning ?? 0, limits.keyRunning ?? 0, limits.rate?.starts ?? 0, limits.rate?.perMs ?? 0, rank, tenant]);
      const [status, because, running, most] = Array.isArray(reply) ? reply : [];
      if (status === 'ENTERED') return { status: 'entered' };
      return { status: 'waits', because: because === 'tenant' || because === 'key' || because === 'rate' ? because : 'line', running: Number(running), most: Number(most) };
    },
    leave: async ({ tenant, workflowId }, key) => {
      await leaveScript.run(redis, [keys.gateInside(tenant), keys.gateKeyInside(tenant, key), keys.gateLine(tenant, key), keys.gateKeys(tenant)], [workflowId, key]);
    },
    heads: async (tenant) => {
      const lines = await withRedis(() => redis.smembers(keys.gateKeys(tenant)));
      const heads = await withRedis(() => Promise.all(lines.map(async (key) => ({ key, workflowId: (await redis.zrange(keys.gateLine(tenant, key), '0', '0'))[0] }))));
      return heads.flatMap(({ key, workflowId }) => (workflowId === undefined ? [] : [{ key, workflowId }]));
    },
    tenants: () => withRedis(() => redis.smembers(keys.gateTenants())),
    someInside: async (tenant, most) => {
      const members = await withRedis(() => redis.srandmember(keys.gateInside(tenant), most));
      return members.map((member) => ({ workflowId: member.slice(0, member.indexOf('|')), key: member.slice(member.indexOf('|') + 1) }));
    },
    figures: async (tenant) => {
      const nowMs = await redisTimeMs(redis);
      const lines = await withRedis(() => redis.smembers(keys.gateKeys(tenant)));
      const figures = await withRedis(() => Promise.all(lines.sort().map((key) => figuresOf(redis, tenant, key))));
      return { nowMs, keys: figures };
    },
  };
}

async function figuresOf(redis: Redis, tenant: string, key: string): Promise<KeyFigures> {
  const line = keys.gateLine(tenant, key);
  const [queued, running, oldest, starts] = await Promise.all([redis.zcard(line), redis.smembers(keys.gateKeyInside(tenant, key)), redis.zrange(line, '0', '0', 'WITHSCORES'), redis.zcard(keys.gateStarts(tenant, key))]);
  return { key, queued, running, oldestQueuedAtMs: oldest[1] === undefined ? null : Number(oldest[1]) % RANK_UNIT, starts };
}

/** The policies of all tenants. */
export interface PolicyStore {
  get: (tenant: string) => Promise<Policy | null>;
  put: (policy: Policy) => Promise<void>;
  /** Replaces it with what `to` makes of it, over others that change it at the same time. @throws what `to` throws */
  change: (tenant: string, to: (current: Policy | null) => Policy) => Promise<Policy>;
  list: () => Promise<Policy[]>;
}

const MOST_TRIES = 20;
/** KEYS: policies · ARGV: tenant, policy as it was ('' for none), as it becomes · Returns 1, or 0 when it has changed meanwhile. */
const changeScript = defineScript(`
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1`);

/** For how long whoever goes by a policy may go by what it read: a change holds everywhere after that. */
export const POLICY_FRESH_MS = 500;

export function createPolicyStore(redis: Redis): PolicyStore {
  return {
    get: async (tenant) => {
      const text = await withRedis(() => redis.hget(keys.policies(), tenant));
      return text === null ? null : JSON.parse(text);
    },
    put: async (policy) => {
      await withRedis(() => redis.hset(keys.policies(), policy.tenant, JSON.stringify(policy)));
    },
    change: async (tenant, to) => {
      for (let attempt = 0; attempt < MOST_TRIES; attempt += 1) {
        const before = await withRedis(() => redis.hget(keys.policies(), tenant));
        const policy = to(before === null ? null : JSON.parse(before));
        if ((await changeScript.run(redis, [keys.policies()], [tenant, before ?? '', JSON.stringify(policy)])) === 1) return policy;
      }
      throw new FailureError('unavailable', `The policy of ${tenant} changed ${MOST_TRIES} times while it was to be changed.`);
    },
    list: async () => {
      const texts = await withRedis(() => redis.hvals(keys.policies()));
      return texts.map((text): Policy => JSON.parse(text)).sort((left, right) => (left.tenant < right.tenant ? -1 : 1));
    },
  };
}
