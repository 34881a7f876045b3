import { DEFAULT_TENANT, FailureError } from '@trivet/contracts';
import type { ApiKeyStore, StoredApiKey } from '@trivet/state';
import { setTimeout as pause } from 'node:timers/promises';
import { isSameDigest, sha256 } from './secrets.js';

/** For how long what was read is good: a key that was revoked is so everywhere within it. */
const FRESH_MS = 500;
/** How soon they are read anew for one that is not among them: another orchestrator may just have made it, and whoever guesses makes no more work than this. */
const AGAIN_EVERY_MS = 50;
/** A use is written down no more often than this. */
const NOTE_EVERY_MS = 60_000;
/** The key that stands in the configuration. */
export const CONFIGURED_KEY_ID = 'operator';

/** The keys as requests need them: read once for many. */
export interface KnownKeys {
  /** Whether requests need a key: one that has expired counts too, so that the end of the last one opens nothing. */
  areConfigured: () => Promise<boolean>;
  /** @throws FailureError unauthorized: unknown, revoked or expired */
  bySecret: (secret: string) => Promise<StoredApiKey>;
  /** Null: there is none with this id whose secret has this digest. */
  byId: (id: string, hash: string) => Promise<StoredApiKey | null>;
  /** Reads them anew at the next question. */
  forget: () => void;
  /** Resolves when every orchestrator has read them anew, and wants a key if there is one. */
  everywhere: () => Promise<void>;
}

export interface KnownKeysParts {
  store: ApiKeyStore;
  /** The secret of TRIVET_OPERATOR_KEY. */
  operatorSecret: string | undefined;
  nowMs: () => number;
  onError: (error: unknown) => void;
}

export function createKnownKeys({ store, operatorSecret, nowMs, onError }: KnownKeysParts): KnownKeys {
  const configured = operatorSecret === undefined ? [] : [operatorKey(operatorSecret)];
  const noted = new Map<string, number>();
  let read: { at: number; keys: Promise<StoredApiKey[]> } | null = null;
  let next: Promise<StoredApiKey[]> | null = null;

  function all(): Promise<StoredApiKey[]> {
    if (read && performance.now() - read.at < FRESH_MS) return read.keys;
    const keys = store.list().then((stored) => [...configured, ...stored]);
    const reading = { at: performance.now(), keys };
    read = reading;
    keys.catch(() => (read = read === reading ? null : read));
    return keys;
  }

  /** As they are after now; all who ask for that meanwhile share it. */
  function anew(): Promise<StoredApiKey[]> {
    const wait = async (): Promise<StoredApiKey[]> => {
      await pause((read?.at ?? 0) + AGAIN_EVERY_MS - performance.now());
      [next, read] = [null, null];
      return all();
    };
    return (next ??= wait());
  }

  const find = async (isIt: (key: StoredApiKey) => boolean): Promise<StoredApiKey | undefined> => (await all()).find(isIt) ?? (await anew()).find(isIt);

  function noteUse({ id }: StoredApiKey): void {
    const now = nowMs();
    if (id === CONFIGURED_KEY_ID || now - (noted.get(id) ?? 0) < NOTE_EVERY_MS) return;
    noted.set(id, now);
    void store.noteUse(id, now).catch(onError);
  }

  function living(key: StoredApiKey): StoredApiKey {
    if (isOver(key, nowMs())) throw new FailureError('unauthorized', `The key ${key.name} has expired at ${key.expiresAt}.`, { hint: 'Ask an administrator of the tenant for a new one.' });
    noteUse(key);
    return key;
  }

  return {
    areConfigured: async () => (await all()).length > 0,
    bySecret: async (secret) => {
      const hash = sha256(secret);
      const found = await find((key) => isSameDigest(key.hash, hash));
      if (!found) throw new FailureError('unauthorized', 'The API key is not known: it was never made, or was revoked or rotated.', { hint: 'Send Authorization: Bearer trv_… with a key of GET /api/v1/keys; trivet takes it from TRIVET_API_KEY.' });
      return living(found);
    },
    byId: async (id, hash) => {
      const found = await find((key) => key.id === id && isSameDigest(key.hash, hash));
      return found ? living(found) : null;
    },
    forget: () => (read = null),
    everywhere: () => pause(FRESH_MS),
  };
}

export const isOver = ({ expiresAt }: Pick<StoredApiKey, 'expiresAt'>, nowMs: number): boolean => expiresAt !== null && Date.parse(expiresAt) <= nowMs;

const operatorKey = (secret: string): StoredApiKey => ({ id: CONFIGURED_KEY_ID, name: 'operator', tenant: DEFAULT_TENANT, role: 'admin', hash: sha256(secret), createdAt: new Date(0).toISOString(), createdBy: 'configuration', rotatedAt: null, expiresAt: null });
