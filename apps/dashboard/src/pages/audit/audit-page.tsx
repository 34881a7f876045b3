import type { AuditRow } from '@trivet/contracts';
import { useCursorList } from '../../api/cursor-list.js';
import { CodeBlock } from '../../parts/code-block.js';
import { EmptyState } from '../../parts/empty-state.js';
import { SelectField, TextField } from '../../parts/fields.js';
import { Loaded } from '../../parts/loading.js';
import { MoreButton } from '../../parts/more-button.js';
import { PageHead } from '../../parts/page-head.js';
import { Table, type Column } from '../../parts/table.js';
import { TimeAgo } from '../../parts/time-ago.js';
import { WorkflowLink } from '../../parts/workflow-link.js';
import { all, one, type Search } from '../../search.js';
import { useFilters } from '../../use-filters.js';
import { ChainCheck } from './chain-check.js';
import { DownloadRows } from './download-rows.js';

const COLUMNS: Column<AuditRow>[] = [
  { id: 'seq', head: '#', cell: (row) => row.seq, right: true, wideOnly: true },
  { id: 'at', head: 'When', cell: (row) => <TimeAgo at={row.at} /> },
  { id: 'actor', head: 'Who', cell: (row) => row.actor },
  { id: 'action', head: 'What', cell: (row) => <span className="font-mono text-xs">{row.action}</span> },
  { id: 'target', head: 'Of', cell: (row) => (row.workflowId ? <WorkflowLink id={row.workflowId} /> : <span className="font-mono text-xs">{row.target}</span>) },
  { id: 'detail', head: 'Reason and detail', cell: (row) => <span className="text-muted">{row.detail}</span> },
];

/** Every change, in a chain of hashes: who, what, of what, and why. */
export function AuditPage() {
  const { query, items = [] } = useCursorList<AuditRow>(['audit'], '/api/v1/audit', { limit: 200 });
  const [filters, change] = useFilters();
  const shown = items.filter((row) => matches(row, filters));
  const actions = [...new Set(items.map((row) => row.action))].toSorted();
  return (
    <>
      <PageHead title="Audit" about="Every change that somebody or something made, newest first. Each row carries the hash of the one before it, so that a row that was altered or taken away shows.">
        <ChainCheck />
        <DownloadRows />
      </PageHead>
      <div className="grid gap-3 sm:grid-cols-3">
        <SelectField label="What" value={one(filters['action'])} onChange={(action) => change({ action })} options={[{ value: '', label: 'everything' }, ...actions.map((action) => ({ value: action, label: action }))]} />
        <TextField label="Text (who, of what, reason)" type="search" value={one(filters['q'])} onChange={(q) => change({ q })} />
      </div>
      <Loaded query={query}>
        {() => (items.length === 0 ? <NothingYet /> : shown.length === 0 ? <AllHidden hidden={items.length} onClear={() => change({ action: undefined, q: undefined })} /> : <Table label="Audit rows" columns={COLUMNS} rows={shown} rowKey={(row) => String(row.seq)} />)}
      </Loaded>
      <MoreButton query={query} />
    </>
  );
}

function matches(row: AuditRow, filters: Search): boolean {
  const actions = all(filters['action']).filter(Boolean);
  const text = one(filters['q']).toLowerCase();
  return (actions.length === 0 || actions.includes(row.action)) && (text === '' || [row.actor, row.action, row.target, row.workflowId, row.detail].some((field) => field?.toLowerCase().includes(text)));
}

function AllHidden({ hidden, onClear }: { hidden: number; onClear: () => void }) {
  return (
    <EmptyState title={`No row matches; ${hidden} are hidden by the filters.`}>
      <button type="button" onClick={onClear} className="justify-self-start text-accent underline">
        Show all
      </button>
    </EmptyState>
  );
}

function NothingYet() {
  return (
    <EmptyState title="Nothing yet. Every change lands here.">
      <p className="text-muted">Submitting a task is the first:</p>
      <CodeBlock label="A task" text={`curl -s '${location.origin}/api/v1/tasks' -H 'content-type: application/json' \\\n  -d '{"goal":"Analyse Nimbus Robotics","template":"research"}'`} />
    </EmptyState>
  );
}
