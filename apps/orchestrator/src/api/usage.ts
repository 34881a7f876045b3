import { DEFAULT_TENANT, FailureError, parseOrFail, UsageKey, type UsageRow } from '@trivet/contracts';
import type { Used, UsageCounts } from '@trivet/state';
import { z } from 'zod';

const DAY_MS = 86_400_000;
const MOST_DAYS = 92;
const DEFAULT_DAYS = 30;

const Day = z.string().regex(/^\d{4}-\d{2}-\d{2}(T.*)?$/, 'must be a day such as 2026-01-31').refine((text) => !Number.isNaN(Date.parse(text)), 'is no day of the calendar').transform((text) => text.slice(0, 10));
const UsageQuery = z.object({ by: UsageKey.default('model'), from: Day.optional(), to: Day.optional() });
export type UsageQuery = z.infer<typeof UsageQuery>;

export const parseUsageQuery = (query: unknown): UsageQuery => parseOrFail(UsageQuery, query ?? {}, 'the query');

/** What was used on some days, by one of the keys: the most expensive first, days in their order. The operator's tenant sees all tenants, another one itself. */
export async function readUsage(counts: UsageCounts, tenant: string, { by, from, to }: UsageQuery, today: string): Promise<UsageRow[]> {
  const days = daysOf(from, to, today);
  if (by !== 'tenant') return sumUp((await counts.of(tenant, days)).map((used) => [used[by], used]), by);
  if (tenant === DEFAULT_TENANT) return sumUp((await counts.ofTenants(days)).map((used) => [used.tenant, used]), by);
  return sumUp((await counts.of(tenant, days)).map((used) => [tenant, used]), by);
}

function sumUp(items: readonly (readonly [key: string, used: Used])[], by: UsageKey): UsageRow[] {
  const rows = new Map<string, UsageRow>();
  for (const [key, used] of items) {
    const row = rows.get(key) ?? { key, calls: 0, inputTokens: 0, outputTokens: 0, nanoUsd: 0 };
    rows.set(key, { key, calls: row.calls + used.calls, inputTokens: row.inputTokens + used.inputTokens, outputTokens: row.outputTokens + used.outputTokens, nanoUsd: row.nanoUsd + used.nanoUsd });
  }
  const tokens = ({ inputTokens, outputTokens }: UsageRow): number => inputTokens + outputTokens;
  const byKey = (left: UsageRow, right: UsageRow): number => (left.key < right.key ? -1 : 1);
  return [...rows.values()].toSorted((left, right) => (by === 'day' ? 0 : right.nanoUsd - left.nanoUsd || tokens(right) - tokens(left)) || byKey(left, right));
}

function daysOf(from: string | undefined, to: string | undefined, today: string): string[] {
  const last = to ?? today;
  const first = from ?? dayOf(Date.parse(last) - (DEFAULT_DAYS - 1) * DAY_MS);
  const count = (Date.parse(last) - Date.parse(first)) / DAY_MS + 1;
  if (count < 1) throw new FailureError('invalid_request', `from is ${first}, which is after ${last}; it must be a day before.`, { errors: [{ pointer: '/from', detail: 'must not be after to' }] });
  if (count > MOST_DAYS) throw new FailureError('invalid_request', `From ${first} to ${last} are ${count} days; the limit is ${MOST_DAYS}. Ask for them in parts.`, { errors: [{ pointer: '/from', detail: `must be at most ${MOST_DAYS} days before to` }] });
  return Array.from({ length: count }, (_, index) => dayOf(Date.parse(first) + index * DAY_MS));
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
