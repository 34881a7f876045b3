import { queryOptions, useQuery } from '@tanstack/react-query';
import { getJson } from './http.js';
import { ApiError } from './problem.js';

/** Who looks at the dashboard. Without keys configured everybody on this machine is the operator. */
export interface Session {
  tenant: string;
  role: 'read' | 'write' | 'admin';
  keysConfigured: boolean;
  keyName?: string;
  version?: string;
}

export const sessionQuery = queryOptions({ queryKey: ['session'], queryFn: readSession, staleTime: 60_000 });

/** The role decides which buttons are shown; the server decides what is allowed. */
export function useRole(): { mayWrite: boolean; mayAdminister: boolean } {
  const { data } = useQuery(sessionQuery);
  return { mayWrite: data !== undefined && data.role !== 'read', mayAdminister: data?.role === 'admin' };
}

/** True when the server wants a key first. */
export const wantsKey = (error: unknown): boolean => error instanceof ApiError && error.status === 401;

async function readSession(): Promise<Session> {
  return getJson<Session>('/api/v1/session').catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 404) return { tenant: 'default', role: 'admin', keysConfigured: false };
    throw error;
  });
}
