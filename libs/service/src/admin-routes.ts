import { FailureError, problemOf } from '@trivet/contracts';
import type { Health, Readiness } from './health.js';

export interface ServiceIdentity {
  service: string;
  version: string;
  workerId: string;
}

export interface AdminAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** The text of /metrics and its content type; the telemetry library's metrics have this form. */
export interface MetricsSource {
  render(): Promise<string>;
  readonly contentType: string;
}

export interface AdminRoutes {
  setMetrics(metrics: MetricsSource): void;
  /** Answers /livez, /readyz, /metrics and /version; undefined for any other path, so that a server can mount it beside its own. */
  answer(method: string, url: string): Promise<AdminAnswer | undefined>;
}

/** The four routes every service has, apart from any server, so that they can stand on more than one port. */
export function createAdminRoutes(identity: ServiceIdentity, health: Health): AdminRoutes {
  const startedAt = new Date().toISOString();
  let metrics: MetricsSource | undefined;
  const routes: Record<string, (query: URLSearchParams) => Promise<AdminAnswer>> = {
    '/livez': async () => json(200, { alive: true }),
    '/readyz': async (query) => {
      const readiness = await health.readiness();
      return json(readiness.ready ? 200 : 503, isVerbose(query) ? { ...identity, ...readiness } : summarise(readiness));
    },
    '/metrics': async () => ({ status: 200, headers: { 'content-type': metrics?.contentType ?? 'text/plain' }, body: (await metrics?.render()) ?? '' }),
    '/version': async () => json(200, { ...identity, node: process.version, startedAt }),
  };
  return {
    setMetrics: (source) => {
      metrics = source;
    },
    answer: async (method, url) => {
      const { pathname, searchParams } = new URL(url, 'http://admin');
      const route = Object.hasOwn(routes, pathname) ? routes[pathname] : undefined;
      if (!route) return undefined;
      if (method !== 'GET' && method !== 'HEAD') return problem(new FailureError('method_not_allowed', `${pathname} takes GET, not ${method}.`), { allow: 'GET, HEAD' });
      return route(searchParams);
    },
  };
}

/** Any form of a problem as an answer; no cache may keep it. */
export function problem(error: FailureError, headers: Record<string, string> = {}): AdminAnswer {
  const body = problemOf(error);
  return { status: body.status, headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers }, body: JSON.stringify(body) };
}

const json = (status: number, body: unknown): AdminAnswer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
  body: `${JSON.stringify(body)}\n`,
});

/** `?verbose` as Kubernetes writes it, or with any value but 0 and false. */
function isVerbose(query: URLSearchParams): boolean {
  const value = query.get('verbose');
  return value !== null && value !== '0' && value !== 'false';
}

const summarise = ({ ready, phase, checks }: Readiness) => ({
  ready,
  phase,
  failing: checks.filter((check) => !check.ok && check.critical).map((check) => check.name),
});
