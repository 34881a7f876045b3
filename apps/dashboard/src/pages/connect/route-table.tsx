import { useQuery } from '@tanstack/react-query';
import { getJson } from '../../api/http.js';
import { Card } from '../../parts/card.js';
import { Loaded } from '../../parts/loading.js';
import { Table, type Column } from '../../parts/table.js';

interface OpenApi {
  paths: Record<string, Record<string, { summary?: string }>>;
}

interface Route {
  method: string;
  path: string;
  summary: string;
}

const COLUMNS: Column<Route>[] = [
  { id: 'method', head: 'Method', cell: ({ method }) => <code className="text-xs">{method.toUpperCase()}</code> },
  { id: 'path', head: 'Path', cell: ({ path }) => <code className="text-xs">{path}</code> },
  { id: 'summary', head: 'Does', cell: ({ summary }) => summary, wideOnly: true },
];

/** Every route of the HTTP interface, from the document the orchestrator serves. */
export function RouteTable() {
  const query = useQuery({ queryKey: ['openapi'], queryFn: ({ signal }) => getJson<OpenApi>('/openapi.json', {}, signal), staleTime: Infinity, refetchInterval: false });
  return (
    <Card title="Routes" actions={<a href="/openapi.json" className="text-accent underline">openapi.json</a>}>
      <Loaded query={query}>{(document) => <Table label="Routes" columns={COLUMNS} rows={routesOf(document)} rowKey={({ method, path }) => `${method} ${path}`} />}</Loaded>
    </Card>
  );
}

const routesOf = ({ paths }: OpenApi): Route[] => Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, { summary = '' }]) => ({ method, path, summary })));
