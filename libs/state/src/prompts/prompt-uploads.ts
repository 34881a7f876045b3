import { FailureError, PROMPT_LIMITS, Prompt, canonicalJson, type PromptBody } from '@trivet/contracts';
import { z } from 'zod';
import { keys } from '../keys.js';
import { defineScript, withRedis, type Redis } from '../redis.js';

/** Who made a version, and when. */
export interface Authorship {
  createdAt: string;
  createdBy: string;
}

/** A version that a tenant uploaded; labels are kept by themselves, since they move. */
export type UploadedPrompt = PromptBody & Authorship & { name: string; version: number };

/** Versions of prompts that tenants uploaded, and the labels they moved; and those that come with the model service. */
export interface PromptUploads {
  /** What the model services bring along, for whoever lists prompts. */
  announceBundled: (prompts: readonly Prompt[]) => Promise<void>;
  bundled: () => Promise<Prompt[]>;
  /**
   * Keeps a body as the next version. `known`: the newest one that was uploaded is the same.
   * @param after the newest bundled version of this name; 0: none
   * @throws FailureError state_conflict when a tenant has as many as it may
   */
  add: (tenant: string, name: string, body: PromptBody, by: Authorship, after: number) => Promise<{ status: 'added' | 'known'; prompt: UploadedPrompt }>;
  /** As it was, from the journal. */
  restore: (tenant: string, prompt: UploadedPrompt) => Promise<void>;
  version: (tenant: string, name: string, version: number) => Promise<UploadedPrompt | null>;
  /** Of one name: the newest version (0: none) and the labels the tenant set. */
  head: (tenant: string, name: string) => Promise<PromptHead>;
  setLabel: (tenant: string, name: string, label: string, version: number | null) => Promise<void>;
  /** Newest first. */
  versions: (tenant: string, name: string) => Promise<UploadedPrompt[]>;
  names: (tenant: string) => Promise<string[]>;
  tenants: () => Promise<string[]>;
}

export interface PromptHead {
  newest: number;
  /** null: the tenant took the label away, also from the bundled prompt. */
  labels: Record<string, number | null>;
}

/**
 * KEYS: versions, newest, tenants · ARGV: name, body, authorship, tenant, newest bundled, most versions, most names.
 * Returns {ADDED, version}, {KNOWN, version}, {VERSIONS, how many} or {NAMES, how many}.
 */
const ADD_LUA = `
local name, body = ARGV[1], ARGV[2]
local newest = tonumber(redis.call('HGET', KEYS[2], name) or '0')
if newest > 0 then
  local known = redis.call('HGET', KEYS[1], name .. '@' .. newest)
  if known and cjson.decode(known)[1] == body then return {'KNOWN', newest} end
elseif redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[7]) then
  return {'NAMES', redis.call('HLEN', KEYS[2])}
end
local version = math.max(newest, tonumber(ARGV[5])) + 1
if version > tonumber(ARGV[5]) + tonumber(ARGV[6]) then return {'VERSIONS', newest} end
redis.call('HSET', KEYS[1], name .. '@' .. version, cjson.encode({ body, ARGV[3] }))
redis.call('HSET', KEYS[2], name, version)
redis.call('SADD', KEYS[3], ARGV[4])
return {'ADDED', version}`;

/** KEYS: versions, newest, tenants · ARGV: name, version, body, authorship, tenant. A version that is there stands. */
const RESTORE_LUA = `
redis.call('HSETNX', KEYS[1], ARGV[1] .. '@' .. ARGV[2], cjson.encode({ ARGV[3], ARGV[4] }))
if tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or '0') < tonumber(ARGV[2]) then redis.call('HSET', KEYS[2], ARGV[1], ARGV[2]) end
redis.call('SADD', KEYS[3], ARGV[5])
return 'OK'`;

const addScript = defineScript(ADD_LUA);
const restoreScript = defineScript(RESTORE_LUA);
/** A label that was taken away, also from a bundled prompt. */
const NO_VERSION = '-';
const AddReply = z.tuple([z.enum(['ADDED', 'KNOWN', 'VERSIONS', 'NAMES']), z.number()]);
const Stored = z.tuple([z.string(), z.string()]);

export function createPromptUploads(redis: Redis): PromptUploads {
  const keysOf = (tenant: string): string[] => [keys.promptVersions(tenant), keys.promptNewest(tenant), keys.promptTenants()];
  const version: PromptUploads['version'] = async (tenant, name, number) => {
    const text = await withRedis(() => redis.hget(keys.promptVersions(tenant), `${name}@${number}`));
    return text === null ? null : readStored(name, number, text);
  };
  const head: PromptUploads['head'] = async (tenant, name) => {
    const [newest, labels] = await withRedis(() => Promise.all([redis.hget(keys.promptNewest(tenant), name), redis.hgetall(keys.promptLabels(tenant, name))]));
    return { newest: Number(newest ?? 0), labels: Object.fromEntries(Object.entries(labels).map(([label, number]) => [label, number === NO_VERSION ? null : Number(number)])) };
  };
  return {
    announceBundled: async (prompts) => void (await withRedis(() => redis.set(keys.bundledPrompts(), JSON.stringify(prompts)))),
    bundled: async () => {
      const text = await withRedis(() => redis.get(keys.bundledPrompts()));
      return text === null ? [] : z.array(Prompt).parse(JSON.parse(text));
    },
    add: async (tenant, name, body, by, after) => {
      const [status, number] = AddReply.parse(await addScript.run(redis, keysOf(tenant), [name, canonicalJson(body), JSON.stringify(by), tenant, after, PROMPT_LIMITS.versions, PROMPT_LIMITS.names]));
      if (status === 'NAMES') throw tooMany(`The tenant has ${number} prompts; the limit is ${PROMPT_LIMITS.names}.`, 'Make new versions of prompts that are there.');
      if (status === 'VERSIONS') throw tooMany(`The prompt ${name} has ${PROMPT_LIMITS.versions} uploaded versions, which is the limit.`, 'Go on under another name.');
      const prompt = await version(tenant, name, number);
      if (!prompt) throw new Error(`Version ${number} of the prompt ${name} is gone as soon as it was kept`);
      return { status: status === 'ADDED' ? 'added' : 'known', prompt };
    },
    restore: async (tenant, { name, version: number, createdAt, createdBy, ...body }) => {
      await restoreScript.run(redis, keysOf(tenant), [name, number, canonicalJson(body), JSON.stringify({ createdAt, createdBy }), tenant]);
    },
    version,
    head,
    setLabel: async (tenant, name, label, number) => {
      await withRedis(() => Promise.all([redis.hset(keys.promptLabels(tenant, name), label, number === null ? NO_VERSION : String(number)), redis.sadd(keys.promptTenants(), tenant)]));
    },
    versions: async (tenant, name) => {
      const all = await withRedis(() => redis.hgetall(keys.promptVersions(tenant)));
      const own = Object.entries(all).flatMap(([field, text]) => (field.startsWith(`${name}@`) ? [readStored(name, Number(field.slice(name.length + 1)), text)] : []));
      return own.sort((left, right) => right.version - left.version);
    },
    names: async (tenant) => (await withRedis(() => redis.hkeys(keys.promptNewest(tenant)))).sort(),
    tenants: () => withRedis(() => redis.smembers(keys.promptTenants())),
  };
}

function readStored(name: string, version: number, text: string): UploadedPrompt {
  const [body, by] = Stored.parse(JSON.parse(text));
  return { ...JSON.parse(body), ...JSON.parse(by), name, version };
}

const tooMany = (message: string, hint: string): FailureError => new FailureError('state_conflict', message, { hint });
