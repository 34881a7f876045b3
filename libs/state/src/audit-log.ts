import { createHash } from 'node:crypto';
import { canonicalJson, type AuditRow } from '@trivet/contracts';
import { keys } from './keys.js';
import { defineScript, withRedis, type Redis } from './redis.js';

export type AuditEntry = Pick<AuditRow, 'tenant' | 'actor' | 'action' | 'target' | 'workflowId' | 'detail'>;

/** KEYS: audit · ARGV: expected length, rows … */
const APPEND_LUA = `
if redis.call('LLEN', KEYS[1]) ~= tonumber(ARGV[1]) then return 0 end
for i = 2, #ARGV do redis.call('RPUSH', KEYS[1], ARGV[i]) end
return 1`;
const appendScript = defineScript(APPEND_LUA);

/** Who did what: append-only, each row chained to the one before by its hash, one chain a tenant. */
export interface AuditLog {
  append: (entries: readonly AuditEntry[], atIso: string) => Promise<void>;
  /** Newest first. */
  list: (tenant: string, options: { beforeSeq?: number; limit: number }) => Promise<AuditRow[]>;
  /** The seq of the first row whose chain does not hold, or null when all do. */
  verify: (tenant: string) => Promise<{ rows: number; brokenAt: number | null }>;
}

export function createAuditLog(redis: Redis): AuditLog {
  const readRows = async (tenant: string, from: number, to: number): Promise<AuditRow[]> => {
    const texts = await withRedis(() => redis.lrange(keys.audit(tenant), from, to));
    return texts.map((text) => JSON.parse(text) as AuditRow);
  };

  /** The end of each chain as this process knows it; the script refuses when another has appended since. */
  const ends = new Map<string, { length: number; hash: string }>();

  async function endOf(tenant: string): Promise<{ length: number; hash: string }> {
    const [length, last] = await withRedis(() => Promise.all([redis.llen(keys.audit(tenant)), redis.lindex(keys.audit(tenant), -1)]));
    return { length, hash: last ? (JSON.parse(last) as AuditRow).hash : '' };
  }

  async function appendTo(tenant: string, entries: readonly AuditEntry[], at: string): Promise<void> {
    for (;;) {
      const { length, hash: lastHash } = ends.get(tenant) ?? (await endOf(tenant));
      let previousHash = lastHash;
      const rows = entries.map((entry, index) => {
        const body = { seq: length + index + 1, at, ...entry, previousHash };
        const hash = auditHash(body);
        previousHash = hash;
        return JSON.stringify({ ...body, hash });
      });
      ends.delete(tenant);
      if ((await appendScript.run(redis, [keys.audit(tenant)], [length, ...rows])) !== 1) continue;
      ends.set(tenant, { length: length + rows.length, hash: previousHash });
      return;
    }
  }

  return {
    append: async (entries, at) => {
      const byTenant = new Map<string, AuditEntry[]>();
      for (const entry of entries) byTenant.set(entry.tenant, [...(byTenant.get(entry.tenant) ?? []), entry]);
      for (const [tenant, own] of byTenant) await appendTo(tenant, own, at);
    },
    list: async (tenant, { beforeSeq, limit }) => {
      if (beforeSeq !== undefined && beforeSeq <= 1) return [];
      const end = beforeSeq === undefined ? -1 : beforeSeq - 2;
      const start = end === -1 ? -limit : Math.max(0, end - limit + 1);
      return (await readRows(tenant, start, end)).reverse();
    },
    verify: async (tenant) => {
      const rows = await readRows(tenant, 0, -1);
      let previousHash = '';
      for (const [index, row] of rows.entries()) {
        const { hash, ...body } = row;
        if (row.seq !== index + 1 || row.previousHash !== previousHash || auditHash(body) !== hash) return { rows: rows.length, brokenAt: index + 1 };
        previousHash = hash;
      }
      return { rows: rows.length, brokenAt: null };
    },
  };
}

const auditHash = (body: Omit<AuditRow, 'hash'>): string => createHash('sha256').update(canonicalJson(body)).digest('hex');
