import type { Connection } from './connection.js';
import { curlKey, pythonHeaders } from './key-lines.js';
import type { Snippet } from './snippets.js';

const FACTS = '/api/v1/stream?types=workflow.*';

/** Lines that follow what happens in this stack, until they are ended. */
export const followSnippets = (to: Connection): Snippet[] => [
  { name: 'curl', about: "Facts of all workflows as they come; -H 'Last-Event-ID: <id>' goes on behind one without a gap.", text: `curl -sN '${to.origin}${FACTS}'${curlKey(to)}` },
  { name: 'nats', text: `nats -s ${to.nats} sub 'trivet.v1.event.${to.tenant}.*.workflow.>'` },
  { name: 'Node', text: byFetch(to) },
  { name: 'Python', text: byPython(to) },
];

const byFetch = ({ origin, needsKey }: Connection): string => `const facts = await fetch('${origin}${FACTS}'${needsKey ? ', {\n  headers: { authorization: `Bearer ${process.env.TRIVET_API_KEY}` },\n}' : ''});
for await (const text of facts.body.pipeThrough(new TextDecoderStream())) process.stdout.write(text);`;

const byPython = (to: Connection): string => `import ${to.needsKey ? 'os, ' : ''}urllib.request

request = urllib.request.Request('${to.origin}${FACTS}', headers=${pythonHeaders(to, false)})
for line in urllib.request.urlopen(request):
    print(line.decode(), end='', flush=True)`;
