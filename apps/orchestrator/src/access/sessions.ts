import type { SessionStore, StoredApiKey } from '@trivet/state';
import type { KnownKeys } from './known-keys.js';
import { newToken, sha256 } from './secrets.js';

/** How long a browser stays signed in. */
export const SESSION_MS = 12 * 3_600_000;

/** Browsers that signed in with a key. What they hold is random and kept only as a digest. */
export interface Sessions {
  /** @returns what the browser is to hold */
  open: (key: StoredApiKey) => Promise<string>;
  /** The key it signed in with; null: the session is over, or its key was revoked or rotated. @throws FailureError unauthorized: the key has expired */
  keyOf: (id: string) => Promise<StoredApiKey | null>;
  close: (id: string) => Promise<void>;
}

export function createSessions({ store, known }: { store: SessionStore; known: Pick<KnownKeys, 'byId'> }): Sessions {
  return {
    open: async (key) => {
      const id = newToken();
      await store.open(sha256(id), { keyId: key.id, keyHash: key.hash }, SESSION_MS);
      return id;
    },
    keyOf: async (id) => {
      const session = await store.find(sha256(id));
      return session && known.byId(session.keyId, session.keyHash);
    },
    close: (id) => store.close(sha256(id)),
  };
}
