import { useQuery } from '@tanstack/react-query';
import { getJson } from '../../api/http.js';
import { Card } from '../../parts/card.js';
import { JsonBlock } from '../../parts/code-block.js';
import { Loaded } from '../../parts/loading.js';

interface AsyncApi {
  channels: Record<string, { address: string; description?: string; messages?: Record<string, unknown> }>;
  components?: { messages?: Record<string, unknown>; schemas?: Record<string, unknown> };
}

/** Every subject of the bus, from the document the orchestrator serves; its message's schema when asked for. */
export function SubjectTable() {
  const query = useQuery({ queryKey: ['asyncapi'], queryFn: ({ signal }) => getJson<AsyncApi>('/asyncapi.json', {}, signal), staleTime: Infinity, refetchInterval: false });
  return (
    <Card title="Subjects" actions={<a href="/asyncapi.json" className="text-accent underline">asyncapi.json</a>}>
      <Loaded query={query}>
        {(document) => (
          <ul aria-label="Subjects" className="grid gap-2">
            {Object.entries(document.channels).map(([name, channel]) => (
              <li key={name} className="grid gap-1 border-b border-line pb-2 last:border-0">
                <code className="text-xs">{channel.address}</code>
                <span className="text-muted">{channel.description}</span>
                {Object.entries(channel.messages ?? {}).map(([message, reference]) => (
                  <details key={message}>
                    <summary className="text-xs text-muted">{message}</summary>
                    <JsonBlock label={`Schema of ${message}`} value={resolved(document, reference)} />
                  </details>
                ))}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Card>
  );
}

/** What a reference of the document stands for, followed through at most three of them. */
function resolved(document: unknown, value: unknown, depth = 0): unknown {
  if (depth > 3 || typeof value !== 'object' || value === null || !('$ref' in value) || typeof value.$ref !== 'string') return value;
  const path = value.$ref.replace(/^#\//, '').split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const found = path.reduce<unknown>((at, part) => (typeof at === 'object' && at !== null && part in at ? Reflect.get(at, part) : undefined), document);
  return resolved(document, found, depth + 1);
}
