import { createHash } from 'node:crypto';
import { canonicalJson, type Tool, type ToolManifest } from '@trivet/contracts';
import { keys } from './keys.js';
import { defineScript, withRedis, type Redis } from './redis.js';

/** One version of a tool that a tenant uploaded; it never changes. */
export interface ToolVersion {
  manifest: ToolManifest;
  /** sha256 of the module. */
  digest: string;
  bytes: number;
  uploadedAt: string;
  uploadedBy: string;
}

/** Which version of a tool its name stands for. */
export interface ToolHead {
  version: string;
  disabled: boolean;
}

/** The tools that tenants uploaded: versions, modules by digest, and which version each name stands for. */
export interface ToolUploads {
  /** Keeps a module for as long as it takes to check it. @returns its digest */
  stageModule: (module: Uint8Array) => Promise<string>;
  keepModule: (module: Uint8Array) => Promise<void>;
  module: (digest: string) => Promise<Uint8Array | null>;
  /** `known`: it was there with the same manifest and module; `conflict`: with others. */
  add: (tenant: string, version: ToolVersion) => Promise<'added' | 'known' | 'conflict'>;
  setHead: (tenant: string, name: string, head: ToolHead | null) => Promise<void>;
  head: (tenant: string, name: string) => Promise<ToolHead | null>;
  version: (tenant: string, name: string, version: string) => Promise<ToolVersion | null>;
  /** All versions of a tool, newest first. */
  versions: (tenant: string, name: string) => Promise<ToolVersion[]>;
  allVersions: (tenant: string) => Promise<ToolVersion[]>;
  heads: (tenant: string) => Promise<[name: string, head: ToolHead][]>;
  /** What the names of a tenant stand for. */
  list: (tenant: string) => Promise<Tool[]>;
  /** Tenants that ever uploaded a tool. */
  tenants: () => Promise<string[]>;
}

/** KEYS: versions, tenants · ARGV: name@version, record, tenant. Returns the record that stands. */
const ADD_LUA = `
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 1 then
  redis.call('SADD', KEYS[2], ARGV[3])
  return false
end
return redis.call('HGET', KEYS[1], ARGV[1])`;
/** Longer than an executor may take for its check. */
const STAGED_MS = 600_000;
const addScript = defineScript(ADD_LUA);

export function createToolUploads(redis: Redis): ToolUploads {
  const head: ToolUploads['head'] = async (tenant, name) => parse<ToolHead>(await withRedis(() => redis.hget(keys.toolHeads(tenant), name)));
  const heads: ToolUploads['heads'] = async (tenant) => Object.entries(await withRedis(() => redis.hgetall(keys.toolHeads(tenant)))).map(([name, text]) => [name, parseHead(text)]);
  return {
    stageModule: async (module) => {
      const digest = digestOf(module);
      await withRedis(() => redis.set(keys.toolModule(digest), Buffer.from(module), 'PX', STAGED_MS, 'NX'));
      return digest;
    },
    keepModule: async (module) => {
      await withRedis(() => redis.set(keys.toolModule(digestOf(module)), Buffer.from(module)));
    },
    module: (digest) => withRedis(() => redis.getBuffer(keys.toolModule(digest))),
    add: async (tenant, version) => {
      const { name } = version.manifest;
      const standing = await addScript.run(redis, [keys.toolVersions(tenant), keys.toolTenants()], [`${name}@${version.manifest.version}`, JSON.stringify(version), tenant]);
      if (typeof standing !== 'string') return 'added';
      const known: ToolVersion = JSON.parse(standing);
      return known.digest === version.digest && canonicalJson(known.manifest) === canonicalJson(version.manifest) ? 'known' : 'conflict';
    },
    setHead: async (tenant, name, next) => {
      await withRedis(() => (next ? redis.hset(keys.toolHeads(tenant), name, JSON.stringify(next)) : redis.hdel(keys.toolHeads(tenant), name)));
    },
    head,
    version: async (tenant, name, version) => parse<ToolVersion>(await withRedis(() => redis.hget(keys.toolVersions(tenant), `${name}@${version}`))),
    versions: async (tenant, name) => {
      const all = await withRedis(() => redis.hgetall(keys.toolVersions(tenant)));
      const own = Object.entries(all).flatMap(([field, text]): ToolVersion[] => (field.startsWith(`${name}@`) ? [JSON.parse(text)] : []));
      return own.sort((left, right) => (left.uploadedAt < right.uploadedAt ? 1 : -1));
    },
    allVersions: async (tenant) => (await withRedis(() => redis.hvals(keys.toolVersions(tenant)))).map((text): ToolVersion => JSON.parse(text)),
    heads,
    list: async (tenant) => {
      const own = await heads(tenant);
      if (own.length === 0) return [];
      const texts = await withRedis(() => redis.hmget(keys.toolVersions(tenant), ...own.map(([name, each]) => `${name}@${each.version}`)));
      return own.flatMap(([, each], index) => {
        const version = parse<ToolVersion>(texts[index] ?? null);
        return version ? [uploadedTool(version, each.disabled)] : [];
      });
    },
    tenants: () => withRedis(() => redis.smembers(keys.toolTenants())),
  };
}

const digestOf = (module: Uint8Array): string => createHash('sha256').update(module).digest('hex');

/** A version as the catalog lists it. */
export const uploadedTool = ({ manifest, digest, uploadedAt }: ToolVersion, disabled: boolean): Tool => ({ ...manifest, digest, bundled: false, uploadedAt, ...(disabled ? { disabled } : {}) });

const parseHead = (text: string): ToolHead => JSON.parse(text);

function parse<Value>(text: string | null): Value | null {
  return text === null ? null : JSON.parse(text);
}
