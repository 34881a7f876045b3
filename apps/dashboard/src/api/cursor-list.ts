import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import type { Page } from '@trivet/contracts';
import { getJson } from './http.js';

/** A list that is read page by page behind its cursor: all items so far, and a way to the next ones. */
export function useCursorList<Item>(key: readonly unknown[], path: string, search: Record<string, unknown> = {}, more: { isStill?: boolean } = {}) {
  const query = useInfiniteQuery({
    queryKey: [...key, path, search],
    queryFn: ({ pageParam, signal }) => getJson<Page<Item>>(path, { ...search, cursor: pageParam ?? undefined }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    ...(more.isStill ? STILL : {}),
  });
  return { query, items: query.data?.pages.flatMap((page) => page.items) };
}

/** Read once: for lists of thousands, whose newest page is followed by itself. While other filters are asked for, what was there stays. */
const STILL = { staleTime: 10_000, refetchInterval: false, refetchOnWindowFocus: false, refetchOnReconnect: false, placeholderData: keepPreviousData } as const;
