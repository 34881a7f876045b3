import { useCallback, useState } from 'react';
import { useRole } from '../../api/session.js';
import { MoreButton } from '../../parts/more-button.js';
import { PageHead } from '../../parts/page-head.js';
import { useFilters } from '../../use-filters.js';
import { BulkBar } from './bulk-bar.js';
import { NothingHere } from './nothing-here.js';
import { StatusSegments } from './status-segments.js';
import { useListKeys } from './use-list-keys.js';
import { useWorkflowList } from './use-workflow-list.js';
import { WorkflowFilters } from './workflow-filters.js';
import { WorkflowTable } from './workflow-table.js';
import { Loaded } from '../../parts/loading.js';

/** All workflows, newest first: found by filters that live in the address, watched live, controlled one by one or many at once. */
export function WorkflowsPage() {
  const [filters, change] = useFilters();
  const { query, shown, followed, fresh, isWhole, showFresh } = useWorkflowList(filters);
  const { mayWrite } = useRole();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback((id: string) => setChosen((before) => toggled(before, id)), []);
  const cursor = useListKeys(shown, mayWrite ? toggle : undefined);
  const clear = (names: readonly string[]) => change(Object.fromEntries(names.map((name) => [name, undefined])));
  const show = () => {
    showFresh();
    scrollTo({ top: 0 });
  };
  return (
    <>
      <PageHead title="Workflows" />
      <StatusSegments filters={filters} onChange={change} />
      <WorkflowFilters filters={filters} onChange={change} />
      {mayWrite && shown.length > 0 && <BulkBar filters={filters} chosen={[...chosen]} onDone={() => setChosen(new Set())} />}
      <Loaded query={query}>{() => (shown.length === 0 ? <NothingHere filters={filters} onClear={clear} /> : <WorkflowTable workflows={shown} followed={followed} cursor={cursor} choice={mayWrite ? { chosen, toggle, set: setChosen } : undefined} />)}</Loaded>
      <MoreButton query={query} />
      {fresh > 0 && shown.length > 0 && (
        <button type="button" onClick={show} className="fixed top-16 left-1/2 z-20 -translate-x-1/2 rounded-full bg-accent px-4 py-1.5 font-medium text-on-accent shadow-lg">
          {fresh}
          {isWhole ? '+' : ''} new: show
        </button>
      )}
    </>
  );
}

function toggled(before: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const after = new Set(before);
  if (!after.delete(id)) after.add(id);
  return after;
}
