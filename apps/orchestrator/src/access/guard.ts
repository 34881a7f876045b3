import { DEFAULT_TENANT, FailureError, Identifier, MOST_REASON, REASON_HEADER, TENANT_HEADER, parseOrFail, rightOf } from '@trivet/contracts';
import type { StoredApiKey } from '@trivet/state';
import type { FastifyRequest } from 'fastify';
import type { Asker } from './asker.js';
import { authorize } from './authorize.js';
import { readReason } from '../audit/reason.js';
import { checkHost, checkOrigin } from './browser-checks.js';
import type { FailedLogins } from './failed-logins.js';
import type { KnownKeys } from './known-keys.js';
import { readCookie } from './session-cookie.js';
import type { Sessions } from './sessions.js';

export interface GuardParts {
  known: KnownKeys;
  sessions: Sessions;
  failedLogins: FailedLogins;
  nowMs: () => number;
  /** Whether only this machine reaches the port. */
  isLoopback: boolean;
  /** The names this server is known as, beside localhost. */
  names: readonly string[];
  /** Whether anybody may have what is at a path: the dashboard itself, which has no data in it. */
  isPage: (path: string) => boolean;
  /** Told once when an address has sent too many wrong keys. */
  onTooMany: (address: string) => void;
}

/** Decides about every request before anything else looks at it. Whoever may do what is decided here and nowhere else. */
export interface Guard {
  /** @throws FailureError unauthorized, forbidden, rate_limited; invalid_request for a header that cannot be read */
  admit: (request: FastifyRequest) => Promise<void>;
  /** The key of a secret that somebody signs in with. @throws FailureError unauthorized, rate_limited */
  signIn: (request: FastifyRequest, secret: string) => Promise<StoredApiKey>;
}

const askers = new WeakMap<FastifyRequest, Asker>();

/** Who sent a request. Only for routes that are not open to all. */
export function askerOf(request: FastifyRequest): Asker {
  const asker = askers.get(request);
  if (!asker) throw new Error(`no guard has seen ${request.method} ${request.routeOptions.url}`);
  return asker;
}

export const findAsker = (request: FastifyRequest): Asker | undefined => askers.get(request);

export function createGuard(parts: GuardParts): Guard {
  const { known } = parts;

  async function signIn(request: FastifyRequest, secret: string): Promise<StoredApiKey> {
    try {
      return await known.bySecret(secret);
    } catch (error) {
      if (!(error instanceof FailureError) || error.failure.code !== 'unauthorized') throw error;
      parts.failedLogins.check(request.ip, parts.nowMs());
      if (parts.failedLogins.note(request.ip, parts.nowMs())) parts.onTooMany(request.ip);
      throw error;
    }
  }

  async function keyOf(request: FastifyRequest): Promise<StoredApiKey> {
    const given = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (given !== undefined) return signIn(request, given);
    const cookie = readCookie(request.headers);
    const key = cookie === undefined ? null : await parts.sessions.keyOf(cookie);
    if (!key) throw new FailureError('unauthorized', cookie === undefined ? 'The request has no API key, and this server wants one.' : 'The session is over, or its key was revoked or rotated.', { hint: 'Send Authorization: Bearer trv_…; trivet takes it from TRIVET_API_KEY, the dashboard asks for it.' });
    if (mayChange(request)) checkOrigin(request.headers, { mustSay: true });
    return key;
  }

  return {
    admit: async (request) => {
      const path = request.routeOptions.url;
      // What every service answers of itself (/livez …) is no route of the router.
      const right = rightOf(request.method, path ?? request.url.split('?')[0] ?? '');
      if (right === 'open' || (path !== undefined && !mayChange(request) && parts.isPage(path))) return;
      const chosenTenant = chosenTenantOf(request);
      const areConfigured = await known.areConfigured();
      // MCP has a rule of its own, which lets other pages of this machine in.
      if ((parts.isLoopback || !areConfigured) && path !== '/mcp') checkHost(request.headers, parts.names);
      const reason = reasonOf(request);
      const route = `${request.method} ${path ?? request.url.split('?')[0]}`;
      if (!areConfigured) {
        if (mayChange(request) && path !== '/mcp') checkOrigin(request.headers, { mustSay: false });
        const tenant = chosenTenant ?? DEFAULT_TENANT;
        if (right === 'operator') authorize({ id: '', name: 'none', tenant, role: 'admin' }, { route, right, chosenTenant });
        askers.set(request, { tenant, role: 'admin', actor: clientOf(request), ...(reason ? { reason } : {}) });
        return;
      }
      const { id, name, tenant: own, role } = await keyOf(request);
      const key = { id, name, tenant: own };
      // A path that is none is told so, to whoever has a key.
      const tenant = path === undefined && right === undefined ? own : authorize({ ...key, role }, { route, right, chosenTenant });
      askers.set(request, { tenant, role, actor: name, key, ...(reason ? { reason } : {}) });
    },
    signIn: async (request, secret) => {
      parts.failedLogins.check(request.ip, parts.nowMs());
      return signIn(request, secret);
    },
  };
}

/** Through which client a request came. */
export const clientOf = (request: FastifyRequest): 'cli' | 'http' => (request.headers['x-trivet-client'] === 'cli' ? 'cli' : 'http');

/** A reason that a body gives goes before that of the header; the route has checked the body. */
export function noteReasonOfBody(request: FastifyRequest): void {
  const { body } = request;
  const asker = askers.get(request);
  if (asker && body !== null && typeof body === 'object' && 'reason' in body && typeof body.reason === 'string') asker.reason = body.reason.slice(0, MOST_REASON);
}

const mayChange = ({ method }: FastifyRequest): boolean => method !== 'GET' && method !== 'HEAD';

function chosenTenantOf(request: FastifyRequest): string | undefined {
  const chosen = request.headers[TENANT_HEADER.toLowerCase()];
  return chosen === undefined ? undefined : parseOrFail(Identifier, chosen, `the header ${TENANT_HEADER}`);
}

function reasonOf(request: FastifyRequest): string | undefined {
  const header = request.headers[REASON_HEADER.toLowerCase()];
  return typeof header === 'string' ? readReason(header) || undefined : undefined;
}
