import { useQuery } from '@tanstack/react-query';
import type { Page, Tool } from '@trivet/contracts';
import { getJson } from '../../api/http.js';
import { Card } from '../../parts/card.js';
import { Loaded } from '../../parts/loading.js';
import { Table, type Column } from '../../parts/table.js';
import { TimeAgo } from '../../parts/time-ago.js';

const COLUMNS: Column<Tool>[] = [
  { id: 'version', head: 'Version', cell: (tool) => tool.version },
  { id: 'digest', head: 'Digest', cell: (tool) => <code className="text-xs">{tool.digest.slice(0, 16)}…</code> },
  { id: 'at', head: 'Uploaded', cell: (tool) => <TimeAgo at={tool.uploadedAt} /> },
];

export function ToolVersions({ tool }: { tool: Tool }) {
  const query = useQuery({ queryKey: ['tools', tool.name, 'versions'], queryFn: ({ signal }) => getJson<Page<Tool>>(`/api/v1/tools/${tool.name}/versions`, {}, signal) });
  return (
    <Card title="Versions">
      <p className="text-muted">A plan pins one with {tool.name}@{tool.version}; a workflow stays with the version of its start.</p>
      <Loaded query={query}>{({ items }) => <Table label={`Versions of ${tool.name}`} columns={COLUMNS} rows={items} rowKey={(version) => `${version.version}/${version.digest}`} />}</Loaded>
    </Card>
  );
}
