import { SERVICES, type Overview } from '@trivet/contracts';
import type { Ledger, LedgerClock } from '@trivet/state';
import type { Liveness } from '../runner/liveness.js';
import { attentionOf, type AttentionParts } from './attention.js';
import type { Glance } from './glances.js';
import { parseListQuery } from './listing.js';
import { scanWorkflows, type ScanParts } from './scan.js';

export interface OverviewParts extends ScanParts, AttentionParts {
  ledger: Pick<Ledger, 'readAccount'>;
  liveness: Pick<Liveness, 'workers'>;
  clock: Pick<LedgerClock, 'nowMs'>;
}

/** How a tenant's work goes; asked for by many at once it is worked out once a second. */
export type ReadOverview = (tenant: string) => Promise<Overview>;

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const MINUTES = 60;
const FRESH_MS = 1_000;
const MOST_TENANTS = 1_000;
const NO_FILTER = parseListQuery({});

export function createOverview(parts: OverviewParts): ReadOverview {
  const known = new Map<string, { sinceMs: number; overview: Promise<Overview> }>();
  return (tenant) => {
    const fresh = known.get(tenant);
    if (fresh && performance.now() - fresh.sinceMs < FRESH_MS) return fresh.overview;
    if (known.size >= MOST_TENANTS) known.clear();
    const overview = readOverview(parts, tenant);
    known.set(tenant, { sinceMs: performance.now(), overview });
    overview.catch(() => known.delete(tenant));
    return overview;
  };
}

async function readOverview(parts: OverviewParts, tenant: string): Promise<Overview> {
  const nowMs = parts.clock.nowMs();
  const all: Glance[] = [];
  const [next, account] = await Promise.all([scanWorkflows(parts, tenant, NO_FILTER, undefined, (glance) => void all.push(glance)), parts.ledger.readAccount({ scope: 'tenant', tenant, id: tenant })]);
  const ended = all.filter(({ finishedAt }) => finishedAt !== null && nowMs - Date.parse(finishedAt) < DAY_MS);
  const of = (glances: readonly Glance[], ...statuses: Glance['status'][]): Glance[] => glances.filter(({ status }) => statuses.includes(status));
  const today = account.windows.find(({ window }) => window === 'day');
  return {
    running: of(all, 'running').length,
    waiting: of(all, 'waiting', 'paused').length,
    queued: of(all, 'accepted').length,
    completed24h: of(ended, 'completed').length,
    failed24h: of(ended, 'failed').length,
    cancelled24h: of(ended, 'cancelled').length,
    durationMs: durationsOf(of(ended, 'completed')),
    tokensToday: today?.usedTokens ?? 0,
    nanoUsdToday: today?.usedNanoUsd ?? 0,
    perMinute: minutesOf(ended, nowMs),
    attention: await attentionOf(parts, tenant, { failed: of(ended, 'failed'), open: of(all, 'accepted', 'running') }, nowMs),
    services: servicesOf(parts.liveness),
    ...(next ? { atLeast: true } : {}),
  };
}

/** From submit to end; the smallest duration that so many of a hundred did not exceed. */
function durationsOf(completed: readonly Glance[]): Overview['durationMs'] {
  const durations = completed.map(({ createdMs, finishedAt }) => Date.parse(finishedAt ?? '') - createdMs).sort((left, right) => left - right);
  const at = (part: number): number => durations[Math.max(0, Math.ceil(part * durations.length) - 1)] ?? 0;
  return durations.length === 0 ? null : { p50: at(0.5), p95: at(0.95) };
}

function minutesOf(ended: readonly Glance[], nowMs: number): Overview['perMinute'] {
  const newest = Math.floor(nowMs / MINUTE_MS);
  const minutes = Array.from({ length: MINUTES }, (_, index) => ({ at: new Date((newest - MINUTES + 1 + index) * MINUTE_MS).toISOString(), completed: 0, failed: 0 }));
  for (const { status, finishedAt } of ended) {
    const minute = minutes[Math.floor(Date.parse(finishedAt ?? '') / MINUTE_MS) - newest + MINUTES - 1];
    if (minute && (status === 'completed' || status === 'failed')) minute[status] += 1;
  }
  return minutes;
}

function servicesOf(liveness: Pick<Liveness, 'workers'>): Overview['services'] {
  const workers = liveness.workers();
  return SERVICES.map((service) => {
    const own = workers.filter((worker) => worker.service === service);
    return { service, instances: own.length, version: [...new Set(own.map(({ version }) => version))].sort().join(', ') };
  });
}
