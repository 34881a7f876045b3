import type { Session } from '@trivet/contracts';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { getJson } from './http.js';
import { ApiError } from './problem.js';

export const sessionQuery = queryOptions({ queryKey: ['session'], queryFn: () => getJson<Session>('/api/v1/session'), staleTime: 60_000 });

/** The role decides which buttons are shown; the server decides what is allowed. */
export function useRole(): { mayWrite: boolean; mayAdminister: boolean } {
  const { data } = useQuery(sessionQuery);
  return { mayWrite: data !== undefined && data.role !== 'read', mayAdminister: data?.role === 'admin' };
}

/** True when the server wants a key first. */
export const wantsKey = (error: unknown): boolean => error instanceof ApiError && error.status === 401;
