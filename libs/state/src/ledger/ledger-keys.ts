import { isIdentifier, type Scope } from '@trivet/contracts';

/** Whose account. Users, sessions and workflows belong to a tenant; `global` has one account. */
export interface AccountRef {
  scope: Scope;
  tenant: string;
  /** Of a tenant's account: the tenant again. Of the global account: ignored. */
  id: string;
}

/** All keys of the ledger share one hash tag, so that one script may check and write all of them. */
const TAG = '{ledger}';

export const ratesKey = (endpoint: string): string => `${TAG}:rate:${checked(endpoint, 'endpoint')}`;

export const cacheKey = (tenant: string, digest: string): string => `${TAG}:cache:${checked(tenant, 'tenant')}:${digest}`;

/** A reservation id: a call id, and after a dot the number of the vendor attempt. */
const RESERVATION_ID = /^[A-Za-z0-9_-]{1,64}(\.[0-9]{1,6})?$/;

export const LEASES_KEY = `${TAG}:leases`;

/** In which form accounts are written; absent in a ledger of an earlier version. */
export const FORM_KEY = `${TAG}:form`;

/** Where no call is named; never written. */
export const NO_RESULT_KEY = `${TAG}:result:`;

/** Tenant → the time zone its days and months are of. */
export const ZONES_KEY = `${TAG}:zones`;

/** Of a day (UTC): what went to each endpoint and model, and what was charged without the vendor's word. */
export const vendorsPrefix = `${TAG}:vendors:`;
export const unreportedPrefix = `${TAG}:unreported:`;

/** An account with the windows that are open; those that ended are beside it under `<prefix>:<window>:<id>`. */
export const accountKey = (account: AccountRef): string => `${accountPrefix(account)}:total`;

export const limitsKey = (account: AccountRef): string => `${accountPrefix(account)}:limits`;

function accountPrefix(account: AccountRef): string {
  switch (account.scope) {
    case 'global':
      return `${TAG}:account:global`;
    case 'tenant':
      return `${TAG}:account:tenant:${checked(account.id, 'tenant')}`;
    case 'user':
    case 'session':
    case 'workflow':
      return `${TAG}:account:${account.scope}:${checked(account.tenant, 'tenant')}:${checked(account.id, account.scope)}`;
  }
}

export const limitsPattern = `${TAG}:account:*:limits`;

/** Whose limits a key holds; null: nobody's. */
export function accountOfLimits(key: string): AccountRef | null {
  const [scope, ...ids] = key.slice(`${TAG}:account:`.length, -':limits'.length).split(':');
  const [tenant = '', id = tenant] = ids;
  if (scope === 'global') return { scope, tenant: 'global', id: 'global' };
  if (scope === 'tenant' || scope === 'user' || scope === 'session' || scope === 'workflow') return { scope, tenant, id };
  return null;
}

/** The account with a prefix, as the scripts name it. */
export function accountOf(prefix: string): AccountRef {
  const account = accountOfLimits(`${prefix}:limits`);
  if (!account) throw new RangeError(`The ledger names an account ${prefix} that there is not`);
  return account;
}

/** What people call the account: `tenant/acme`. */
export const accountName = (account: AccountRef): string => `${account.scope}/${account.scope === 'global' ? 'global' : account.id}`;

export const reservationPrefix = `${TAG}:reservation:`;

export function reservationKey(reservationId: string): string {
  if (!RESERVATION_ID.test(reservationId)) {
    throw new RangeError(`Reservation id '${reservationId}' must be a call id, optionally with a dot and the attempt's number`);
  }
  return reservationPrefix + reservationId;
}

export const resultKey = (tenant: string, workflowId: string, callId: string): string =>
  `${TAG}:result:${checked(tenant, 'tenant')}:${checked(workflowId, 'workflow')}:${checked(callId, 'call')}`;

/** An id that could break out of its place in a key is refused, whoever let it come this far. */
function checked(id: string, what: string): string {
  if (!isIdentifier(id)) throw new RangeError(`The ${what} id '${id}' must match ^[A-Za-z0-9_-]{1,64}$`);
  return id;
}
