import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from '../../parts/button.js';
import { Card } from '../../parts/card.js';
import { Loaded } from '../../parts/loading.js';
import { Table, type Column } from '../../parts/table.js';
import { asyncapiQuery, type AsyncApi, type Channel } from './asyncapi.js';
import { SchemaDialog } from './schema-dialog.js';

/** Every subject of the bus, from the document the orchestrator serves; the schemas of its messages when asked for. */
export function SubjectTable() {
  const query = useQuery(asyncapiQuery);
  return (
    <Card title="Subjects" actions={<a href="/asyncapi.json" className="py-1 text-accent underline">asyncapi.json</a>}>
      <Loaded query={query}>{(document) => <Subjects document={document} />}</Loaded>
    </Card>
  );
}

const SERVICES = new Set(['orchestrator', 'executor', 'model', 'every service', 'any consumer']);

/** Neither sent nor read by anybody but the services. */
const isInner = ({ 'x-trivet': { from, to } }: Channel): boolean => [from, to].every((who) => who.split(', ').every((one) => SERVICES.has(one)));

function Subjects({ document }: { document: AsyncApi }) {
  const [shown, setShown] = useState<Channel>();
  const channels = Object.values(document.channels);
  const columns = columnsOf(setShown);
  return (
    <div className="grid min-w-0 grid-cols-1 gap-3">
      <h3 className="text-muted">For other systems</h3>
      <Table label="Subjects for other systems" columns={columns} rows={channels.filter((channel) => !isInner(channel))} rowKey={({ address }) => address} />
      <h3 className="text-muted">Between the services: to know, not to publish on</h3>
      <Table label="Subjects between the services" columns={columns} rows={channels.filter(isInner)} rowKey={({ address }) => address} />
      {shown && <SchemaDialog document={document} channel={shown} onClose={() => setShown(undefined)} />}
    </div>
  );
}

const columnsOf = (onShow: (channel: Channel) => void): Column<Channel>[] => [
  {
    id: 'subject',
    head: 'Subject',
    cell: ({ address, 'x-trivet': { purpose } }) => (
      <div className="grid min-w-40 gap-0.5">
        <code className="text-xs wrap-anywhere">{address}</code>
        <span className="text-muted">{purpose}</span>
      </div>
    ),
  },
  { id: 'from', head: 'From', cell: ({ 'x-trivet': { from } }) => from, wideOnly: true },
  { id: 'to', head: 'To', cell: ({ 'x-trivet': { to } }) => to, wideOnly: true },
  { id: 'stream', head: 'Kept in', cell: ({ 'x-trivet': { stream } }) => stream ?? <span className="text-muted">nothing</span>, wideOnly: true },
  {
    id: 'schema',
    head: <span className="sr-only">Schema</span>,
    cell: (channel) => (
      <Button tone="quiet" aria-label={`Schema of ${channel.address}`} onClick={() => onShow(channel)}>
        Schema
      </Button>
    ),
  },
];
