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
  /** null: no model service has announced them yet. */
  bundled: () => Promise<Prompt[] | null>;
  /**
   * Keeps a body as the next version. `known`: the newest one that was uploaded is the same.
   * @throws FailureError state_conflict when the number is not the next one, or a tenant has as many as it may
   */
  add: (tenant: string, name: string, body: PromptBody, options: AddOptions) => Promise<{ status: 'added' | 'known'; prompt: UploadedPrompt }>;
  /** As it was, from the journal. */
  restore: (tenant: string, prompt: UploadedPrompt) => Promise<void>;
  version: (tenant: string, name: string, version: number) => Promise<UploadedPrompt | null>;
  /** Of one name: the newest version (0: none) and the labels the tenant set. */
  head: (tenant: string, name: string) => Promise<PromptHead>;
  /**
   * Moves a label, or with null takes it away. Each move has a number, and a lower one changes nothing any more: what is
   * restored does not undo what came after.
   * @param move absent: the next one @returns the number of the move
   * @throws FailureError state_conflict when the name has as many labels as it may
   */
  setLabel: (tenant: string, name: string, label: string, version: number | null, move?: number) => Promise<number>;
  /** The moves of labels, for a journal that has lost them. */
  moves: (tenant: string, name: string) => Promise<LabelMove[]>;
  /** Newest first, those below a number. */
  versions: (tenant: string, name: string, options?: { below?: number; limit?: number }) => Promise<UploadedPrompt[]>;
  names: (tenant: string) => Promise<string[]>;
  tenants: () => Promise<string[]>;
}

export interface AddOptions {
  by: Authorship;
  /** The newest bundled version of this name; 0: none. */
  after: number;
  /** The number it must get; absent: whichever is next. */
  wanted?: number | undefined;
}

export interface LabelMove {
  label: string;
  version: number | null;
  move: number;
}

export interface PromptHead {
  newest: number;
  /** null: the tenant took the label away, also from the bundled prompt. */
  labels: Record<string, number | null>;
}

/**
 * KEYS: versions, newest, tenants, bytes · ARGV: name, body, authorship, tenant, newest bundled, most versions, most names, most
 * bytes, the wanted number ('' for any). Returns {ADDED, version}, {KNOWN, version}, or what is in the way: {NUMBER, newest},
 * {VERSIONS, how many}, {NAMES, how many}, {BYTES, how many}.
 */
const ADD_LUA = `
local name, body, wanted = ARGV[1], ARGV[2], tonumber(ARGV[9])
local uploaded = tonumber(redis.call('HGET', KEYS[2], name) or '0')
local version = math.max(uploaded, tonumber(ARGV[5])) + 1
if uploaded > 0 then
  local known = redis.call('HGET', KEYS[1], name .. '@' .. uploaded)
  if known and cjson.decode(known)[1] == body and (not wanted or wanted == uploaded) then return {'KNOWN', uploaded} end
elseif redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[7]) then
  return {'NAMES', redis.call('HLEN', KEYS[2])}
end
if wanted and wanted ~= version then return {'NUMBER', version - 1} end
if version > tonumber(ARGV[5]) + tonumber(ARGV[6]) then return {'VERSIONS', uploaded} end
local bytes = tonumber(redis.call('GET', KEYS[4]) or '0') + #body
if bytes > tonumber(ARGV[8]) then return {'BYTES', bytes} end
redis.call('SET', KEYS[4], string.format('%d', bytes))
redis.call('HSET', KEYS[1], name .. '@' .. version, cjson.encode({ body, ARGV[3] }))
redis.call('HSET', KEYS[2], name, version)
redis.call('SADD', KEYS[3], ARGV[4])
return {'ADDED', version}`;

/** KEYS: versions, newest, tenants, bytes · ARGV: name, version, body, authorship, tenant. A version that is there stands. */
const RESTORE_LUA = `
if redis.call('HSETNX', KEYS[1], ARGV[1] .. '@' .. ARGV[2], cjson.encode({ ARGV[3], ARGV[4] })) == 1 then redis.call('INCRBY', KEYS[4], #ARGV[3]) end
if tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or '0') < tonumber(ARGV[2]) then redis.call('HSET', KEYS[2], ARGV[1], ARGV[2]) end
redis.call('SADD', KEYS[3], ARGV[5])
return 'OK'`;

/**
 * KEYS: labels, tenants · ARGV: label, version or -, tenant, number of the move ('' for the next), most labels. Returns the number of
 * the move that stands, or -1: there are as many labels as may be.
 */
const SET_LABEL_LUA = `
local label, version, move = ARGV[1], ARGV[2], tonumber(ARGV[4])
local known = redis.call('HGET', KEYS[1], label)
local last = known and tonumber(string.match(known, '#(%d+)$')) or 0
if move and move <= last then return last end
if not move then
  if not known and version ~= '-' and redis.call('HLEN', KEYS[1]) > tonumber(ARGV[5]) then return -1 end
  move = redis.call('HINCRBY', KEYS[1], '#', 1)
elseif tonumber(redis.call('HGET', KEYS[1], '#') or '0') < move then
  redis.call('HSET', KEYS[1], '#', move)
end
redis.call('HSET', KEYS[1], label, version .. '#' .. move)
redis.call('SADD', KEYS[2], ARGV[3])
return move`;

const addScript = defineScript(ADD_LUA);
const setLabelScript = defineScript(SET_LABEL_LUA);
const restoreScript = defineScript(RESTORE_LUA);
/** A label that was taken away, also from a bundled prompt. */
const NO_VERSION = '-';
const AddReply = z.tuple([z.enum(['ADDED', 'KNOWN', 'NUMBER', 'VERSIONS', 'NAMES', 'BYTES']), z.number()]);
const Stored = z.tuple([z.string(), z.string()]);
const MOST_LISTED = 200;

export function createPromptUploads(redis: Redis): PromptUploads {
  const keysOf = (tenant: string): string[] => [keys.promptVersions(tenant), keys.promptNewest(tenant), keys.promptTenants(), keys.promptBytes(tenant)];
  const version: PromptUploads['version'] = async (tenant, name, number) => {
    const text = await withRedis(() => redis.hget(keys.promptVersions(tenant), `${name}@${number}`));
    return text === null ? null : readStored(name, number, text);
  };
  const newestOfName = async (tenant: string, name: string): Promise<number> => Number((await withRedis(() => redis.hget(keys.promptNewest(tenant), name))) ?? 0);
  const moves: PromptUploads['moves'] = async (tenant, name) => readMoves(await withRedis(() => redis.hgetall(keys.promptLabels(tenant, name))));
  return {
    announceBundled: async (prompts) => void (await withRedis(() => redis.set(keys.bundledPrompts(), JSON.stringify(prompts)))),
    bundled: async () => {
      const text = await withRedis(() => redis.get(keys.bundledPrompts()));
      return text === null ? null : z.array(Prompt).parse(JSON.parse(text));
    },
    add: async (tenant, name, body, { by, after, wanted }) => {
      const { versions, names, tenantBytes } = PROMPT_LIMITS;
      const [status, number] = AddReply.parse(await addScript.run(redis, keysOf(tenant), [name, canonicalJson(body), JSON.stringify(by), tenant, after, versions, names, tenantBytes, wanted ?? '']));
      if (status !== 'ADDED' && status !== 'KNOWN') throw inTheWay(status, name, number, wanted);
      const prompt = await version(tenant, name, number);
      if (!prompt) throw new Error(`Version ${number} of the prompt ${name} is gone as soon as it was kept`);
      return { status: status === 'ADDED' ? 'added' : 'known', prompt };
    },
    restore: async (tenant, { name, version: number, createdAt, createdBy, ...body }) => {
      await restoreScript.run(redis, keysOf(tenant), [name, number, canonicalJson(body), JSON.stringify({ createdAt, createdBy }), tenant]);
    },
    version,
    head: async (tenant, name) => {
      const [newest, all] = await Promise.all([newestOfName(tenant, name), moves(tenant, name)]);
      return { newest, labels: Object.fromEntries(all.map(({ label, version: number }) => [label, number])) };
    },
    setLabel: async (tenant, name, label, number, move) => {
      const done = z.number().parse(await setLabelScript.run(redis, [keys.promptLabels(tenant, name), keys.promptTenants()], [label, number === null ? NO_VERSION : String(number), tenant, move ?? '', PROMPT_LIMITS.labels]));
      if (done < 0) throw new FailureError('state_conflict', `The prompt ${name} has had ${PROMPT_LIMITS.labels} labels, which is the limit.`, { hint: 'Move one of them.' });
      return done;
    },
    moves,
    versions: async (tenant, name, { below = Infinity, limit = MOST_LISTED } = {}) => {
      const from = Math.min(await newestOfName(tenant, name), below - 1);
      const numbers = Array.from({ length: Math.max(0, Math.min(limit, from)) }, (_, index) => from - index);
      if (numbers.length === 0) return [];
      const texts = await withRedis(() => redis.hmget(keys.promptVersions(tenant), ...numbers.map((number) => `${name}@${number}`)));
      return numbers.flatMap((number, index) => {
        const text = texts[index];
        return text ? [readStored(name, number, text)] : [];
      });
    },
    names: async (tenant) => (await withRedis(() => redis.hkeys(keys.promptNewest(tenant)))).sort(),
    tenants: () => withRedis(() => redis.smembers(keys.promptTenants())),
  };
}

/** `3#7`: version 3, by the seventh move; the field `#` counts moves. */
function readMoves(fields: Record<string, string>): LabelMove[] {
  return Object.entries(fields).flatMap(([label, text]) => {
    const [version = '', move] = text.split('#');
    return label === '#' ? [] : [{ label, version: version === NO_VERSION ? null : Number(version), move: Number(move) }];
  });
}

function readStored(name: string, version: number, text: string): UploadedPrompt {
  const [body, by] = Stored.parse(JSON.parse(text));
  return { ...JSON.parse(body), ...JSON.parse(by), name, version };
}

function inTheWay(status: 'NUMBER' | 'VERSIONS' | 'NAMES' | 'BYTES', name: string, number: number, wanted: number | undefined): FailureError {
  const { versions, names, tenantBytes } = PROMPT_LIMITS;
  const conflict = (message: string, hint: string): FailureError => new FailureError('state_conflict', message, { hint });
  switch (status) {
    case 'NUMBER':
      return conflict(`The file says version ${wanted} of ${name}; the next one is ${number + 1}.`, 'Versions never change: give it the next number, or leave the number out.');
    case 'VERSIONS':
      return conflict(`The prompt ${name} has ${versions} uploaded versions, which is the limit.`, 'Go on under another name.');
    case 'NAMES':
      return conflict(`The tenant has ${number} prompts; the limit is ${names}.`, 'Make new versions of prompts that are there.');
    case 'BYTES':
      return conflict(`With this version the tenant's prompts have ${number} bytes; the limit is ${tenantBytes}.`, 'Give long texts as variables.');
  }
}
