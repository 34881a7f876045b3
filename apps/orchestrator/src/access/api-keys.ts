import { DEFAULT_TENANT, FailureError, MOST_API_KEYS, type ApiKey, type ApiKeyBody, type ApiKeyWithSecret } from '@trivet/contracts';
import type { ApiKeyStore, StoredApiKey } from '@trivet/state';
import { randomUUID } from 'node:crypto';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Facts } from '../recovery/facts.js';
import { isOperator, type Asker } from './asker.js';
import { isOver, type KnownKeys } from './known-keys.js';
import { newSecret, sha256 } from './secrets.js';

/** What administrators do with API keys. A key of another tenant is not found, except by the operator. */
export interface ApiKeys {
  /** By name. */
  list: (by: Asker) => Promise<ApiKey[]>;
  get: (by: Asker, id: string) => Promise<ApiKey>;
  create: (by: Asker, body: ApiKeyBody) => Promise<ApiKeyWithSecret>;
  /** Once it is answered, no orchestrator takes the key any more. */
  revoke: (by: Asker, id: string) => Promise<void>;
  rotate: (by: Asker, id: string) => Promise<ApiKeyWithSecret>;
}

export interface ApiKeyParts {
  store: ApiKeyStore;
  known: Pick<KnownKeys, 'areConfigured' | 'forget' | 'everywhere'>;
  facts: Pick<Facts, 'record'>;
  audit: AuditTrail;
  nowMs: () => number;
  /** Whether there is a key beside those that are stored, with which everything can be managed. */
  hasConfiguredKey: boolean;
  /** Whether the last key may go: without keys everybody who reaches the port is the operator. */
  mayBeOpen: boolean;
}

export function createApiKeys(parts: ApiKeyParts): ApiKeys {
  const { store, known } = parts;
  const nowIso = (): string => new Date(parts.nowMs()).toISOString();

  async function find(by: Asker, id: string): Promise<StoredApiKey> {
    const key = (await store.list()).find((each) => each.id === id && mayManage(by, each.tenant));
    if (!key) throw new FailureError('not_found', `There is no key ${JSON.stringify(id.slice(0, 80))}.`, { hint: 'See GET /api/v1/keys for the ids. The key of TRIVET_OPERATOR_KEY is changed where it is set.' });
    return key;
  }

  const note = (by: Asker, verb: 'create' | 'revoke' | 'rotate', { id, name, tenant, role, expiresAt }: StoredApiKey): Promise<void> =>
    parts.audit.record({ tenant: by.tenant, actor: by.actor, action: `key.${verb}`, target: `key/${id}`, workflowId: null, detail: JSON.stringify({ name, tenant, role, expiresAt }) });
  const journal = (key: StoredApiKey, isGone: boolean): Promise<void> => parts.facts.record(key.tenant, { kind: 'key', tenant: key.tenant, id: key.id, key: isGone ? null : key });

  return {
    list: async (by) => {
      const [keys, uses] = await Promise.all([store.list(), store.uses()]);
      return keys.filter(({ tenant }) => mayManage(by, tenant)).map((key) => shown(key, uses.get(key.id))).toSorted((left, right) => left.name.localeCompare(right.name) || left.tenant.localeCompare(right.tenant));
    },
    get: async (by, id) => {
      const key = await find(by, id);
      return shown(key, (await store.uses()).get(id));
    },
    create: async (by, { name, role, tenant = by.tenant, expiresAt }) => {
      const nowMs = parts.nowMs();
      if (!mayManage(by, tenant)) throw new FailureError('forbidden', `A key of the tenant ${by.tenant} makes no keys of ${tenant}.`, { hint: `Leave /tenant out, or use an admin key of the tenant ${DEFAULT_TENANT}.` });
      if (expiresAt !== undefined && Date.parse(expiresAt) <= nowMs) throw new FailureError('invalid_request', `The key is not valid: /expiresAt is ${expiresAt}, which has passed.`, { errors: [{ pointer: '/expiresAt', detail: 'must be in the future' }] });
      const keys = await store.list();
      const isFirst = !(await known.areConfigured());
      if (isFirst) requireFirst({ role, tenant, expiresAt });
      if (keys.length >= MOST_API_KEYS) throw new FailureError('state_conflict', `There are ${keys.length} keys; ${MOST_API_KEYS} is the limit.`, { hint: 'Revoke those that nobody uses: see lastUsedAt.' });
      if (keys.some((each) => each.tenant === tenant && each.name === name)) throw new FailureError('state_conflict', `The tenant ${tenant} has a key ${name} already.`, { hint: 'Rotate it, revoke it, or choose another name.' });
      const secret = newSecret();
      const key: StoredApiKey = { id: `k-${randomUUID().replaceAll('-', '').slice(0, 20)}`, name, tenant, role, hash: sha256(secret), createdAt: nowIso(), createdBy: by.actor, rotatedAt: null, expiresAt: expiresAt === undefined ? null : new Date(expiresAt).toISOString() };
      await store.put(key);
      known.forget();
      await journal(key, false);
      await note(by, 'create', key);
      // Once it is answered, no orchestrator takes a request without a key.
      if (isFirst) await known.everywhere();
      return { ...shown(key, undefined), secret };
    },
    revoke: async (by, id) => {
      const key = await find(by, id);
      requireRest((await store.list()).filter((each) => each.id !== id), key, parts);
      // The journal first: what Redis is restored from must not bring back a key that was revoked.
      await journal(key, true);
      await store.remove(id);
      known.forget();
      await note(by, 'revoke', key);
      await known.everywhere();
    },
    rotate: async (by, id) => {
      const before = await find(by, id);
      const secret = newSecret();
      const key = { ...before, hash: sha256(secret), rotatedAt: nowIso() };
      if (!(await store.replace(before, key))) throw new FailureError('state_conflict', `The key ${before.name} was changed a moment ago by somebody else.`, { hint: 'Look at it again, then rotate it if it still is to be.' });
      known.forget();
      await journal(key, false);
      await note(by, 'rotate', key);
      await known.everywhere();
      return { ...shown(key, (await store.uses()).get(id)), secret };
    },
  };
}

const mayManage = (by: Asker, tenant: string): boolean => tenant === by.tenant || isOperator(by);

const shown = ({ hash: _, ...key }: StoredApiKey, usedMs: number | undefined): ApiKey => ({ ...key, lastUsedAt: usedMs === undefined ? null : new Date(usedMs).toISOString() });

const isOperatorsKey = ({ tenant, role }: Pick<StoredApiKey, 'tenant' | 'role'>): boolean => tenant === DEFAULT_TENANT && role === 'admin';

/** From the first key on requests need one, so it has to be one that can make others, for as long as it takes. */
function requireFirst({ role, tenant, expiresAt }: { role: ApiKeyBody['role']; tenant: string; expiresAt: string | undefined }): void {
  const hint = `Send { "name": "…", "role": "admin", "tenant": "${DEFAULT_TENANT}" } first, then make the others with that key.`;
  if (!isOperatorsKey({ tenant, role })) throw new FailureError('state_conflict', `The first key must be an admin key of the tenant ${DEFAULT_TENANT}, or nobody could make another; this one would have the role ${role} in the tenant ${tenant}.`, { hint });
  if (expiresAt !== undefined) throw new FailureError('state_conflict', `The first key must not expire, or nobody could make another after ${expiresAt}.`, { hint });
}

/** What is left has to be manageable; and no key at all must not mean an open port to others. */
function requireRest(rest: readonly StoredApiKey[], key: StoredApiKey, { hasConfiguredKey, mayBeOpen, nowMs }: Pick<ApiKeyParts, 'hasConfiguredKey' | 'mayBeOpen' | 'nowMs'>): void {
  if (hasConfiguredKey || !isOperatorsKey(key)) return;
  if (rest.length === 0) {
    if (mayBeOpen) return;
    throw new FailureError('state_conflict', `The key ${key.name} is the last one, and without keys everybody who reaches this server could do everything.`, { hint: 'Make another first, or set TRIVET_HTTP_HOST to loopback.' });
  }
  if (rest.some((each) => isOperatorsKey(each) && !isOver(each, nowMs()))) return;
  throw new FailureError('state_conflict', `The key ${key.name} is the last admin key of the tenant ${DEFAULT_TENANT}; without it nobody could manage the other ${rest.length}.`, { hint: 'Make another first, or revoke the others first.' });
}
