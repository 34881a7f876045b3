import { createHash } from 'node:crypto';
import { canonicalJson, type AuditRow } from '@trivet/contracts';
import { keys } from './keys.js';
import { defineScript, withRedis, type Redis } from './redis.js';

export type AuditEntry = Pick<AuditRow, 'tenant' | 'actor' | 'action' | 'target' | 'workflowId' | 'detail' | 'keyId' | 'reason'>;

/** KEYS: audit, tenants · ARGV: expected length, tenant, rows … */
const APPEND_LUA = `
if redis.call('LLEN', KEYS[1]) ~= tonumber(ARGV[1]) then return 0 end
redis.call('SADD', KEYS[2], ARGV[2])
for i = 3, #ARGV do redis.call('RPUSH', KEYS[1], ARGV[i]) end
return 1`;
const appendScript = defineScript(APPEND_LUA);

/** Who did what: append-only, each row chained to the one before by its hash, one chain a tenant. */
export interface AuditLog {
  /** @returns the rows as they were kept */
  append: (entries: readonly AuditEntry[], atIso: string) => Promise<AuditRow[]>;
  /** Newest first. */
  list: (tenant: string, options: { beforeSeq?: number; limit: number }) => Promise<AuditRow[]>;
  /** Puts rows back that are missing at the end of a chain; rows that are there stay. */
  restore: (rows: readonly AuditRow[]) => Promise<void>;
  /** The seq of the first row whose chain does not hold, or null when all do. */
  verify: (tenant: string) => Promise<{ rows: number; brokenAt: number | null }>;
  /** Tenants that have rows, in no order. */
  tenants: () => Promise<string[]>;
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

  async function appendTo(tenant: string, entries: readonly AuditEntry[], at: string): Promise<AuditRow[]> {
    for (;;) {
      const { length, hash: lastHash } = ends.get(tenant) ?? (await endOf(tenant));
      let previousHash = lastHash;
      const rows = entries.map((entry, index) => {
        const body = { seq: length + index + 1, at, ...entry, previousHash };
        const hash = auditHash(body);
        previousHash = hash;
        return { ...body, hash };
      });
      ends.delete(tenant);
      if ((await appendScript.run(redis, [keys.audit(tenant), keys.auditTenants()], [length, tenant, ...rows.map((row) => JSON.stringify(row))])) !== 1) continue;
      ends.set(tenant, { length: length + rows.length, hash: previousHash });
      return rows;
    }
  }

  return {
    append: async (entries, at) => {
      const byTenant = new Map<string, AuditEntry[]>();
      for (const entry of entries) byTenant.set(entry.tenant, [...(byTenant.get(entry.tenant) ?? []), entry]);
      const kept: AuditRow[] = [];
      for (const [tenant, own] of byTenant) kept.push(...(await appendTo(tenant, own, at)));
      return kept;
    },
    list: async (tenant, { beforeSeq, limit }) => {
      if (beforeSeq !== undefined && beforeSeq <= 1) return [];
      const end = beforeSeq === undefined ? -1 : beforeSeq - 2;
      const start = end === -1 ? -limit : Math.max(0, end - limit + 1);
      return (await readRows(tenant, start, end)).reverse();
    },
    restore: async (rows) => {
      ends.clear();
      for (const tenant of new Set(rows.map((row) => row.tenant))) {
        const end = await endOf(tenant);
        const missing = missingAfter(end, rows.filter((row) => row.tenant === tenant));
        if (missing.length > 0) await appendScript.run(redis, [keys.audit(tenant), keys.auditTenants()], [end.length, tenant, ...missing]);
      }
    },
    verify: async (tenant) => verifyChain(await readRows(tenant, 0, -1)),
    tenants: () => withRedis(() => redis.smembers(keys.auditTenants())),
  };
}

function verifyChain(rows: readonly AuditRow[]): { rows: number; brokenAt: number | null } {
  let previousHash = '';
  for (const [index, row] of rows.entries()) {
    const { hash, ...body } = row;
    if (row.seq !== index + 1 || row.previousHash !== previousHash || auditHash(body) !== hash) return { rows: rows.length, brokenAt: index + 1 };
    previousHash = hash;
  }
  return { rows: rows.length, brokenAt: null };
}

/** The rows that follow the end of a chain, each the successor of the one before. */
function missingAfter(end: { length: number; hash: string }, rows: AuditRow[]): string[] {
  let { length, hash } = end;
  const missing: string[] = [];
  for (const row of rows.sort((left, right) => left.seq - right.seq)) {
    if (row.seq !== length + 1 || row.previousHash !== hash) continue;
    missing.push(JSON.stringify(row));
    length = row.seq;
    hash = row.hash;
  }
  return missing;
}

const auditHash = (body: Omit<AuditRow, 'hash'>): string => createHash('sha256').update(canonicalJson(body)).digest('hex');
