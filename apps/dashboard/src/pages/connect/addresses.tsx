import { CopyButton } from '../../parts/copy-button.js';
import type { Connection } from './connection.js';

/** Where each door is. */
export function Addresses({ connection: { origin, nats } }: { connection: Connection }) {
  const doors = [
    ['HTTP', `${origin}/api/v1`],
    ['NATS', nats],
    ['OpenAI', `${origin}/v1`],
    ['MCP', `${origin}/mcp`],
  ] as const;
  return (
    <dl aria-label="Addresses" className="grid grid-cols-1 gap-3 sm:grid-cols-2 xl:grid-cols-4">
      {doors.map(([name, address]) => (
        <div key={name} className="grid min-w-0 gap-1 rounded-lg border border-line bg-surface px-3 py-2">
          <dt className="text-xs text-muted">{name}</dt>
          <dd className="flex min-w-0 items-center justify-between gap-2">
            <code className="min-w-0 truncate text-xs">{address}</code>
            <CopyButton text={address} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
