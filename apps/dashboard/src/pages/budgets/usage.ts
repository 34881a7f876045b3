import { useQuery } from '@tanstack/react-query';
import { getJson } from '../../api/http.js';

/** What was used under one key: a model, a template, a day, a user or a tenant. */
export interface UsageRow {
  key: string;
  calls: number;
  inputTokens: number;
  outputTokens: number;
  nanoUsd: number;
}

export type UsageBy = 'model' | 'template' | 'day' | 'user' | 'tenant';

const DAY_MS = 86_400_000;

/** The first day of the month, or so many days ago, as YYYY-MM-DD in UTC. */
export const daysAgo = (days: number, now = Date.now()): string => new Date(now - days * DAY_MS).toISOString().slice(0, 10);

export const useUsage = (by: UsageBy, from: string) => useQuery({ queryKey: ['usage', by, from], queryFn: ({ signal }) => getJson<{ items: UsageRow[] }>('/api/v1/usage', { by, from }, signal) });
