import { QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiError } from './problem.js';
import { sessionQuery, wantsKey } from './session.js';

/** A refusal stays one; silence is asked again. What is shown is never older than a few seconds even when the live stream is down. */
export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    // A session ends while a page is open: its key was revoked, or the first key was made. The frame then asks for one.
    onError: (error, { queryKey }) => {
      if (wantsKey(error) && queryKey[0] !== sessionQuery.queryKey[0]) void queryClient.invalidateQueries(sessionQuery);
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 1_000,
      refetchInterval: 10_000,
      retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
});
