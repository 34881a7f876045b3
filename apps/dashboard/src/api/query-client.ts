import { QueryClient } from '@tanstack/react-query';
import { ApiError } from './problem.js';

/** A refusal stays one; silence is asked again. What is shown is never older than a few seconds even when the live stream is down. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 1_000,
      refetchInterval: 10_000,
      retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
});
