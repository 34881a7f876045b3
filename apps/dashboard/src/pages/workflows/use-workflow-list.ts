import type { Workflow } from '@trivet/contracts';
import { useMemo, useState } from 'react';
import { useCursorList } from '../../api/cursor-list.js';
import type { Search } from '../../search.js';
import { listQuery } from './list-query.js';

/**
 * The list as it is shown: rows that are there change in place; new ones are counted and come in when the reader asks,
 * so that no row moves under the cursor.
 */
export function useWorkflowList(filters: Search) {
  const search = listQuery(filters);
  const key = JSON.stringify(search);
  const { query, items } = useCursorList<Workflow>(['workflows'], '/api/v1/workflows', search);
  const [seen, setSeen] = useState<{ key: string; newest: string }>();
  const newest = items?.[0]?.createdAt ?? '';
  const until = seen?.key === key ? seen.newest : newest;
  // The first answer to these filters is what is shown; from then on newer ones wait.
  if (items && seen?.key !== key) setSeen({ key, newest });
  const shown = useMemo(() => (items ?? []).filter((workflow) => until === '' || workflow.createdAt <= until), [items, until]);
  const fresh = (items?.length ?? 0) - shown.length;
  // An empty list takes in whatever comes.
  if (items && shown.length === 0 && fresh > 0) setSeen({ key, newest });
  if (items && until === '' && newest !== '' && seen?.key === key) setSeen({ key, newest });
  return { query, shown, fresh, showFresh: () => setSeen({ key, newest }) };
}
