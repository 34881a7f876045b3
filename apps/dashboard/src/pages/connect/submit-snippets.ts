import type { Connection } from './connection.js';
import { curlKey, pythonHeaders } from './key-lines.js';
import type { Snippet } from './snippets.js';

const TASK = '{"goal":"Analyse Nimbus Robotics","template":"research"}';
const NODE_TASK = "{ goal: 'Analyse Nimbus Robotics', template: 'research' }";

/** Lines that submit a task to this stack, as they stand. */
export const submitSnippets = (to: Connection): Snippet[] => [
  { name: 'curl', text: submitByCurl(to) },
  { name: 'nats', text: overNats(to) },
  { name: 'Node', about: 'The package libs/client: typed, without dependencies.', text: byClient(to) },
  { name: 'Node, plain', text: byFetch(to) },
  { name: 'Node over NATS', about: 'npm install @nats-io/transport-node', text: byNatsClient(to) },
  { name: 'Python', about: 'The standard library is enough.', text: byPython(to) },
  { name: 'trivet', about: 'In a clone of Trivet; it shows the steps as they run.', text: `npx trivet run "Analyse Nimbus Robotics" --template research --url ${to.origin}` },
];

export const submitByCurl = (to: Connection): string => `curl -s '${to.origin}/api/v1/tasks?wait=30s' -H 'content-type: application/json'${curlKey(to)} \\\n  -d '${TASK}'`;

const overNats = ({ nats, tenant }: Connection): string => `nats -s ${nats} req trivet.v1.rpc.task.submit.${tenant} \\\n  '${TASK}'\n\n# Kept by the broker, also while the orchestrator is away; the id of the message is the id of the workflow\nnats -s ${nats} req trivet.v1.task.submit.${tenant} -H Nats-Msg-Id:order-4711 \\\n  '${TASK}'`;

const byClient = ({ origin, needsKey }: Connection): string => `import { createClient } from '@trivet/client';

const trivet = createClient({ url: '${origin}'${needsKey ? ', apiKey: process.env.TRIVET_API_KEY' : ''} });
const { workflowId } = await trivet.submit(${NODE_TASK});
for await (const item of trivet.stream(workflowId)) if (item.kind === 'event') console.log(item.event.type);
console.log((await trivet.wait(workflowId)).result);`;

const byFetch = ({ origin, needsKey }: Connection): string => `const response = await fetch('${origin}/api/v1/tasks?wait=30s', {
  method: 'POST',
  headers: { 'content-type': 'application/json'${needsKey ? ', authorization: `Bearer ${process.env.TRIVET_API_KEY}`' : ''} },
  body: JSON.stringify(${NODE_TASK}),
});
console.log(await response.json());`;

const byNatsClient = ({ nats, tenant }: Connection): string => `import { connect } from '@nats-io/transport-node';

const nats = await connect({ servers: '${nats}' });
const answer = await nats.request('trivet.v1.rpc.task.submit.${tenant}', JSON.stringify(${NODE_TASK}), { timeout: 5_000 });
console.log(answer.json());
await nats.drain();`;

const byPython = (to: Connection): string => `import json, ${to.needsKey ? 'os, ' : ''}urllib.request

request = urllib.request.Request(
    '${to.origin}/api/v1/tasks?wait=30s',
    data=json.dumps({'goal': 'Analyse Nimbus Robotics', 'template': 'research'}).encode(),
    headers=${pythonHeaders(to, true)},
)
print(json.load(urllib.request.urlopen(request)))`;
