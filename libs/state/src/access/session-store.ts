import { keys } from '../keys.js';
import { withRedis, type Redis } from '../redis.js';

/** A browser that signed in with a key. */
export interface StoredSession {
  keyId: string;
  /** The digest of the secret it signed in with: a new secret ends its sessions. */
  keyHash: string;
}

/** Sessions by the SHA-256 of the id a browser holds; any orchestrator finds them. They are not in the journal. */
export interface SessionStore {
  /** @param ttlMs for how long it holds */
  open: (sha256: string, session: StoredSession, ttlMs: number) => Promise<void>;
  find: (sha256: string) => Promise<StoredSession | null>;
  close: (sha256: string) => Promise<void>;
}

export function createSessionStore(redis: Redis): SessionStore {
  return {
    open: async (sha256, session, ttlMs) => void (await withRedis(() => redis.set(keys.session(sha256), JSON.stringify(session), 'PX', ttlMs))),
    find: async (sha256) => {
      const text = await withRedis(() => redis.get(keys.session(sha256)));
      return text === null ? null : JSON.parse(text);
    },
    close: async (sha256) => void (await withRedis(() => redis.del(keys.session(sha256)))),
  };
}
