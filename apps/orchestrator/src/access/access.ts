import { ConfigError, type ConfigOf } from '@trivet/service';
import type { ApiKeyStore, SessionStore } from '@trivet/state';
import type { Logger } from '@trivet/telemetry';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Facts } from '../recovery/facts.js';
import type { VARIABLES } from '../variables.js';
import { createApiKeys, type ApiKeys } from './api-keys.js';
import { createFailedLogins } from './failed-logins.js';
import { createGuard, type Guard } from './guard.js';
import { createKnownKeys, type KnownKeys } from './known-keys.js';
import { createSessions, type Sessions } from './sessions.js';

type AccessConfig = Pick<ConfigOf<typeof VARIABLES>, 'httpHost' | 'httpOpen' | 'httpNames' | 'operatorKey'>;

export interface AccessParts {
  config: AccessConfig;
  store: ApiKeyStore;
  sessionStore: SessionStore;
  facts: Pick<Facts, 'record'>;
  audit: AuditTrail;
  nowMs: () => number;
  logger: Pick<Logger, 'warn'>;
  onError: (error: unknown) => void;
}

/** Who may come in over HTTP, and who decides about it. */
export interface Access {
  guard: Guard;
  apiKeys: ApiKeys;
  known: KnownKeys;
  sessions: Sessions;
  /** What is at this path is for everybody. */
  addPage: (path: string) => void;
}

/** @throws ConfigError when other machines would reach a port that wants no key */
export async function openAccess({ config, store, sessionStore, facts, audit, nowMs, logger, onError }: AccessParts): Promise<Access> {
  const pages = new Set<string>();
  const isLoopback = isLoopbackHost(config.httpHost);
  const known = createKnownKeys({ store, operatorSecret: config.operatorKey, nowMs, onError });
  await refuseOpenPort(config, known);
  const sessions = createSessions({ store: sessionStore, known });
  const guard = createGuard({
    known,
    sessions,
    failedLogins: createFailedLogins(),
    nowMs,
    isLoopback,
    names: isLoopback ? config.httpNames : [...config.httpNames, config.httpHost.toLowerCase()],
    isPage: (path) => pages.has(path),
    onTooMany: (address) => logger.warn({ address }, 'Too many wrong keys came from one address within a minute; the next are refused unseen'),
  });
  const apiKeys = createApiKeys({ store, known, facts, audit, nowMs, hasConfiguredKey: config.operatorKey !== undefined, mayBeOpen: isLoopback || config.httpOpen });
  return { guard, apiKeys, known, sessions, addPage: (path) => void pages.add(path) };
}

/** Whether only this machine reaches what listens there. */
export const isLoopbackHost = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);

/** Without keys whoever reaches the port may do everything. @throws ConfigError when that would be other machines */
export async function refuseOpenPort({ httpHost, httpOpen }: AccessConfig, known: Pick<KnownKeys, 'areConfigured'>): Promise<void> {
  if (isLoopbackHost(httpHost) || httpOpen || (await known.areConfigured())) return;
  throw new ConfigError([`TRIVET_HTTP_HOST is ${httpHost}, which other machines reach, and there is no API key, so every one of them could do everything. Set TRIVET_OPERATOR_KEY; or start on loopback and make a key (trivet keys create admin --role admin); or set TRIVET_HTTP_OPEN=1 where something else keeps strangers away.`]);
}
