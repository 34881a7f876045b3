import { AsyncLocalStorage } from 'node:async_hooks';
import { DEFAULT_TENANT, type Role } from '@trivet/contracts';

/** Who sent a request over HTTP, as the guard found it. */
export interface Asker {
  /** Whose things it sees and changes. */
  tenant: string;
  role: Role;
  /** For the audit: the name of the key; without keys the client. */
  actor: string;
  /** Absent while no keys are configured. */
  key?: { id: string; name: string; tenant: string };
  /** Why, as the header or the body says. */
  reason?: string;
}

const asking = new AsyncLocalStorage<Asker>();

/** Runs what a request causes, so that its audit rows know who asked and why. */
export const asAsker = <Result>(asker: Asker | undefined, run: () => Result): Result => (asker ? asking.run(asker, run) : run());

/** Who sent the request at hand; undefined: nobody over HTTP. */
export const askerNow = (): Asker | undefined => asking.getStore();

/**
 * What a row of the audit says of the request that caused it. Only a row of the same actor: what happens on the way on behalf of
 * somebody else is not the doing of whoever asked.
 */
export function askedBy(actor: string): { keyId?: string; reason?: string } {
  const asker = asking.getStore();
  if (asker?.actor !== actor) return {};
  return { ...(asker.key ? { keyId: asker.key.id } : {}), ...(asker.reason ? { reason: asker.reason } : {}) };
}

/** The operator is whoever administers the default tenant; without keys that is everybody who does not choose another one. */
export const isOperator = ({ role, key, tenant }: Pick<Asker, 'role' | 'key' | 'tenant'>): boolean => role === 'admin' && (key ? key.tenant : tenant) === DEFAULT_TENANT;
