import { useQuery } from '@tanstack/react-query';
import type { Account } from '@trivet/contracts';
import { getJson } from '../../api/http.js';
import { sessionQuery } from '../../api/session.js';
import { compact, usd, whole } from '../../formatting/numbers.js';
import { Card } from '../../parts/card.js';
import { EmptyState } from '../../parts/empty-state.js';
import { SelectField } from '../../parts/fields.js';
import { Loaded } from '../../parts/loading.js';
import { Table, type Column } from '../../parts/table.js';
import { one } from '../../search.js';
import { useFilters } from '../../use-filters.js';
import { BurnDown } from './burn-down.js';
import { daysAgo, useUsage, type UsageBy, type UsageRow } from './usage.js';

const PERIODS = [
  { value: '1', label: 'today and yesterday' },
  { value: '7', label: 'seven days' },
  { value: '30', label: 'thirty days' },
];

/** What was spent: day by day against the limit, and by model, template, user and tenant. */
export function CostPage() {
  const [filters, change] = useFilters();
  const days = one(filters['days']) || '30';
  const from = daysAgo(Number(days) || 30);
  return (
    <div className="grid gap-4">
      <div className="max-w-xs">
        <SelectField label="Of the last" value={days} onChange={(value) => change({ days: value })} options={PERIODS} />
      </div>
      <TenantBurnDown from={from} />
      <div className="grid gap-4 xl:grid-cols-2">
        <Breakdown title="By model" by="model" from={from} />
        <Breakdown title="By template" by="template" from={from} />
        <Breakdown title="By user" by="user" from={from} />
        <Breakdown title="By tenant" by="tenant" from={from} />
      </div>
    </div>
  );
}

function TenantBurnDown({ from }: { from: string }) {
  const { data: session } = useQuery(sessionQuery);
  const tenant = session?.tenant ?? 'default';
  const account = useQuery({ queryKey: ['budgets', 'tenant', tenant], queryFn: ({ signal }) => getJson<Account>(`/api/v1/budgets/tenant/${tenant}`, {}, signal), enabled: session !== undefined });
  const usage = useUsage('day', from);
  const month = account.data?.windows.find((window) => window.window === 'month');
  return (
    <Card title={`Day by day, tenant ${tenant}`}>
      <Loaded query={usage}>{({ items }) => (items.length === 0 ? <p className="text-muted">Nothing was spent in this time.</p> : <BurnDown rows={items} from={from} month={month} />)}</Loaded>
    </Card>
  );
}

const columnsOf = (by: UsageBy, most: number): Column<UsageRow>[] => [
  { id: 'key', head: by[0]?.toUpperCase() + by.slice(1), cell: (row) => <span className="font-mono text-xs">{row.key}</span> },
  { id: 'share', head: <span className="sr-only">Share</span>, cell: (row) => <span aria-hidden className="block h-2 min-w-1 rounded bg-accent" style={{ width: `${most > 0 ? Math.round((weightOf(row) / most) * 80) : 0}px` }} />, wideOnly: true },
  { id: 'calls', head: 'Calls', cell: (row) => whole(row.calls), right: true },
  { id: 'in', head: 'Tokens in', cell: (row) => compact(row.inputTokens), right: true, wideOnly: true },
  { id: 'out', head: 'out', cell: (row) => compact(row.outputTokens), right: true, wideOnly: true },
  { id: 'cost', head: 'Cost', cell: (row) => usd(row.nanoUsd), right: true },
];

/** By cost; where nothing costs anything (the offline provider), by tokens. */
const weightOf = (row: UsageRow): number => row.nanoUsd || (row.inputTokens + row.outputTokens) / 1_000_000;

function Breakdown({ title, by, from }: { title: string; by: UsageBy; from: string }) {
  const query = useUsage(by, from);
  return (
    <Card title={title}>
      <Loaded query={query}>
        {({ items }) => {
          const rows = items.toSorted((left, right) => weightOf(right) - weightOf(left));
          return rows.length === 0 ? <EmptyState title="No model was asked in this time." /> : <Table label={title} columns={columnsOf(by, weightOf(rows[0] ?? { key: '', calls: 0, inputTokens: 0, outputTokens: 0, nanoUsd: 0 }))} rows={rows} rowKey={(row) => row.key} />;
        }}
      </Loaded>
    </Card>
  );
}
