import { DEFAULT_TENANT, FailureError, Scope, type Account, type Page } from '@trivet/contracts';
import type { AccountIndex, AccountRef, Ledger } from '@trivet/state';

export interface AccountListParts {
  ledger: Pick<Ledger, 'readAccount'>;
  accounts: Pick<AccountIndex, 'list'>;
  /** Ids of workflows, newest first. */
  workflowIds: (tenant: string, page: { limit: number; cursor?: string }) => Promise<Page<string>>;
}

export interface AccountPage {
  scope?: Scope | undefined;
  limit: number;
  cursor?: string | undefined;
}

/** Where a list goes on: after the name of an account, or in the list of workflows. */
type Place = { among: 'names'; after: string } | { among: 'workflows'; cursor?: string };

/**
 * The accounts of a tenant that have limits or were charged: its own (the operator's tenant has the global one before it), those of sessions
 * and users by name, then those of workflows, newest first. A page may have fewer than there are, and goes on all the same.
 */
export async function listAccounts(parts: AccountListParts, tenant: string, { scope, limit, cursor }: AccountPage): Promise<Page<Account>> {
  const place = cursor === undefined ? firstPlace(scope) : placeOf(cursor);
  const heads = cursor === undefined ? headsOf(tenant).filter((account) => scope === undefined || account.scope === scope) : [];
  if (scope === 'global' || scope === 'tenant') return { items: await shown(parts, heads), nextCursor: null };
  const { found, next } = place.among === 'names' ? await fromNames(parts, tenant, scope, place.after, limit - heads.length) : await fromWorkflows(parts, tenant, place.cursor, limit);
  return { items: await shown(parts, [...heads, ...found]), nextCursor: next && Buffer.from(JSON.stringify(next)).toString('base64url') };
}

/** A user or session with limits is listed too, also before any workflow of it. */
export async function noteAccount(accounts: Pick<AccountIndex, 'add'>, { scope, tenant, id }: AccountRef): Promise<void> {
  if (scope === 'user' || scope === 'session') await accounts.add(tenant, `${scope}/${id}`);
}

const firstPlace = (scope: Scope | undefined): Place => (scope === 'workflow' ? { among: 'workflows' } : { among: 'names', after: scope === undefined ? '' : `${scope}/` });

const headsOf = (tenant: string): AccountRef[] => [...(tenant === DEFAULT_TENANT ? [{ scope: 'global', tenant, id: 'global' } as const] : []), { scope: 'tenant', tenant, id: tenant }];

async function fromNames({ accounts }: AccountListParts, tenant: string, scope: Scope | undefined, after: string, limit: number): Promise<{ found: AccountRef[]; next: Place | null }> {
  const names = limit > 0 ? await accounts.list(tenant, { after, limit }) : [];
  const wanted = names.filter((name) => scope === undefined || name.startsWith(`${scope}/`));
  const found = wanted.map((name): AccountRef => ({ scope: name.startsWith('user/') ? 'user' : 'session', tenant, id: name.slice(name.indexOf('/') + 1) }));
  const last = names.at(-1);
  if (limit <= 0) return { found, next: { among: 'names', after } };
  if (last !== undefined && names.length === limit && wanted.length === names.length) return { found, next: { among: 'names', after: last } };
  return { found, next: scope === undefined ? { among: 'workflows' } : null };
}

async function fromWorkflows({ workflowIds }: AccountListParts, tenant: string, cursor: string | undefined, limit: number): Promise<{ found: AccountRef[]; next: Place | null }> {
  const { items, nextCursor } = await workflowIds(tenant, { limit, ...(cursor === undefined ? {} : { cursor }) });
  return { found: items.map((id) => ({ scope: 'workflow', tenant, id })), next: nextCursor === null ? null : { among: 'workflows', cursor: nextCursor } };
}

/** Those with limits or use. */
async function shown({ ledger }: AccountListParts, refs: readonly AccountRef[]): Promise<Account[]> {
  const all = await Promise.all(refs.map((account) => ledger.readAccount(account)));
  return all.filter(({ windows }) => windows.some((window) => window.limitTokens !== null || window.limitNanoUsd !== null || window.usedTokens + window.heldTokens + window.usedNanoUsd + window.heldNanoUsd > 0));
}

function placeOf(cursor: string): Place {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (place !== null && typeof place === 'object' && 'among' in place) {
      if (place.among === 'names' && 'after' in place && typeof place.after === 'string') return { among: 'names', after: place.after };
      if (place.among === 'workflows') return { among: 'workflows', ...('cursor' in place && typeof place.cursor === 'string' ? { cursor: place.cursor } : {}) };
    }
  } catch {
    // Said below.
  }
  throw new FailureError('invalid_request', 'The cursor is not one that a list gave.', { errors: [{ pointer: '/cursor', detail: 'is not a cursor' }] });
}
