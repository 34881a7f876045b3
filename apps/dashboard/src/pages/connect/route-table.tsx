import { useQuery } from '@tanstack/react-query';
import { getJson } from '../../api/http.js';
import { Card } from '../../parts/card.js';
import { TextField } from '../../parts/fields.js';
import { Loaded } from '../../parts/loading.js';
import { Table, type Column } from '../../parts/table.js';
import { one } from '../../search.js';
import { useFilters } from '../../use-filters.js';

interface OpenApi {
  paths: Record<string, Record<string, { summary?: string }>>;
}

interface Route {
  method: string;
  path: string;
  summary: string;
}

const COLUMNS: Column<Route>[] = [
  { id: 'method', head: 'Method', cell: ({ method }) => <code className="text-xs">{method}</code> },
  {
    id: 'path',
    head: 'Path',
    cell: ({ path, summary }) => (
      <div className="grid gap-0.5">
        <code className="text-xs wrap-anywhere sm:whitespace-nowrap">{path}</code>
        <span className="text-muted sm:hidden">{summary}</span>
      </div>
    ),
  },
  { id: 'summary', head: 'Does', cell: ({ summary }) => summary, wideOnly: true },
];

/** Every route of the HTTP interface, from the document the orchestrator serves. */
export function RouteTable() {
  const [filters, change] = useFilters();
  const text = one(filters['route']);
  const query = useQuery({ queryKey: ['openapi'], queryFn: ({ signal }) => getJson<OpenApi>('/openapi.json', {}, signal), staleTime: Infinity, refetchInterval: false });
  return (
    <Card title="Routes" actions={<a href="/openapi.json" className="py-1 text-accent underline">openapi.json</a>}>
      <TextField label="Find a route" type="search" value={text} onChange={(route) => change({ route })} placeholder="budgets, post, stream …" />
      <Loaded query={query}>
        {(document) => {
          const routes = routesOf(document).filter((route) => matches(route, text));
          return routes.length > 0 ? <Table label="Routes" columns={COLUMNS} rows={routes} rowKey={({ method, path }) => `${method} ${path}`} /> : <p className="text-muted">No route has {JSON.stringify(text)} in its method, path or sentence.</p>;
        }}
      </Loaded>
    </Card>
  );
}

const routesOf = ({ paths }: OpenApi): Route[] => Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, { summary = '' }]) => ({ method: method.toUpperCase(), path, summary })));

const matches = ({ method, path, summary }: Route, text: string): boolean => `${method} ${path} ${summary}`.toLowerCase().includes(text.trim().toLowerCase());
