import type { Workflow } from '@trivet/contracts';
import { useCallback, useMemo, useState } from 'react';
import { useRole } from '../../api/session.js';
import { Loaded } from '../../parts/loading.js';
import { MoreButton } from '../../parts/more-button.js';
import { PageHead } from '../../parts/page-head.js';
import { Table } from '../../parts/table.js';
import { useFilters } from '../../use-filters.js';
import { BulkBar } from './bulk-bar.js';
import { columnsOf } from './columns.js';
import { NothingHere } from './nothing-here.js';
import { StatusSegments } from './status-segments.js';
import { useListKeys } from './use-list-keys.js';
import { useWorkflowList } from './use-workflow-list.js';
import { WorkflowFilters } from './workflow-filters.js';

/** All workflows, newest first: found by filters that live in the address, watched live, controlled one by one or many at once. */
export function WorkflowsPage() {
  const [filters, change] = useFilters();
  const { query, shown, fresh, showFresh } = useWorkflowList(filters);
  const { mayWrite } = useRole();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback((id: string) => setChosen((before) => toggled(before, id)), []);
  const cursor = useListKeys(shown, mayWrite ? toggle : undefined);
  const columns = useMemo(() => columnsOf(mayWrite ? { chosen, toggle, all: shown, setAll: (on) => setChosen(on ? new Set(shown.map(({ workflowId }) => workflowId)) : new Set()) } : undefined), [mayWrite, chosen, toggle, shown]);
  return (
    <>
      <PageHead title="Workflows" />
      <StatusSegments filters={filters} onChange={change} />
      <WorkflowFilters filters={filters} onChange={change} />
      {fresh > 0 && (
        <button type="button" onClick={showFresh} className="justify-self-center rounded-full bg-accent px-4 py-1 text-on-accent">
          {fresh} new: show
        </button>
      )}
      {mayWrite && shown.length > 0 && <BulkBar filters={filters} chosen={[...chosen]} onDone={() => setChosen(new Set())} />}
      <Loaded query={query}>{() => (shown.length === 0 ? <NothingHere filters={filters} onClear={(names) => change(Object.fromEntries(names.map((name) => [name, undefined])))} /> : <Table<Workflow> label="Workflows" columns={columns} rows={shown} rowKey={(workflow) => workflow.workflowId} chosenKey={cursor} />)}</Loaded>
      <MoreButton query={query} />
    </>
  );
}

function toggled(before: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const after = new Set(before);
  if (!after.delete(id)) after.add(id);
  return after;
}
