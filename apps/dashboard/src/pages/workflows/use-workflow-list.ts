import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { Page, Workflow } from '@trivet/contracts';
import { useEffect, useMemo } from 'react';
import { useCursorList } from '../../api/cursor-list.js';
import { getJson } from '../../api/http.js';
import type { Search } from '../../search.js';
import { listQuery } from './list-query.js';

const PATH = '/api/v1/workflows';
/** Rows that one press of 'Show more' brings. */
const PAGE_ROWS = 100;

/**
 * The list as it is shown: its rows are read once, however many they become. The newest page is followed live: rows that are there change in place,
 * new ones are counted and come in when the reader asks, so that no row moves under the cursor.
 */
export function useWorkflowList(filters: Search) {
  const client = useQueryClient();
  const search = listQuery(filters);
  const paged = { ...search, limit: PAGE_ROWS };
  const { query, items } = useCursorList<Workflow>(['workflow-list'], PATH, paged, { isStill: true });
  const { data: newest } = useQuery({ queryKey: ['workflows', 'newest', search], queryFn: ({ signal }) => getJson<Page<Workflow>>(PATH, search, signal) });
  const followed = useMemo(() => new Map((newest?.items ?? []).map((workflow) => [workflow.workflowId, workflow])), [newest]);
  const shown = useMemo(() => (items ?? []).map((workflow) => followed.get(workflow.workflowId) ?? workflow), [items?.length, items?.[0], items?.at(-1), followed]);
  const fresh = query.isPlaceholderData || !items ? 0 : countFresh(items, newest?.items ?? []);
  const showFresh = () => client.setQueryData(['workflow-list', PATH, paged], { pages: [newest], pageParams: [null] });
  // An empty list takes in whatever comes.
  const takesIn = fresh > 0 && items?.length === 0;
  useEffect(() => void (takesIn && showFresh()), [takesIn]);
  return { query, shown, followed, fresh, isWhole: fresh === newest?.items.length && newest.nextCursor !== null, showFresh };
}

/** How many of the newest are not in the list, though they belong before its last row. */
function countFresh(items: readonly Workflow[], newest: readonly Workflow[]): number {
  const ids = new Set(items.map(({ workflowId }) => workflowId));
  const last = items.at(-1)?.createdAt ?? '';
  return newest.filter(({ workflowId, createdAt }) => !ids.has(workflowId) && createdAt >= last).length;
}
