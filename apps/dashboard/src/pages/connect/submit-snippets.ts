import type { Snippet } from './snippets.js';

const TASK = '{"goal":"Analyse Nimbus Robotics","template":"research"}';

/** Lines that submit a task to the stack at this address, as they stand. */
export const submitSnippets = (origin: string): Snippet[] => [
  { name: 'curl', text: `curl -s '${origin}/api/v1/tasks?wait=30s' -H 'content-type: application/json' \\\n  -d '${TASK}'` },
  { name: 'nats', text: `nats req trivet.v1.rpc.task.submit '${TASK}'\n\n# Stored by the broker, also while the orchestrator is down; the id of the message is the id of the workflow:\nnats req trivet.v1.task.submit.default '${TASK}' -H Nats-Msg-Id:order-4711` },
  { name: 'trivet', text: `npx trivet run "Analyse Nimbus Robotics" --template research --url ${origin}` },
  { name: 'Node', text: `const response = await fetch('${origin}/api/v1/tasks?wait=30s', {\n  method: 'POST',\n  headers: { 'content-type': 'application/json' },\n  body: JSON.stringify({ goal: 'Analyse Nimbus Robotics', template: 'research' }),\n});\nconsole.log(await response.json());` },
  { name: 'Python', text: `import json, urllib.request\n\nrequest = urllib.request.Request(\n    '${origin}/api/v1/tasks?wait=30s',\n    data=json.dumps({'goal': 'Analyse Nimbus Robotics', 'template': 'research'}).encode(),\n    headers={'content-type': 'application/json'},\n)\nprint(json.load(urllib.request.urlopen(request)))` },
];

/** Lines that let agents and clients of OpenAI in. */
export const agentSnippets = (origin: string): Snippet[] => [
  { name: 'MCP', text: JSON.stringify({ mcpServers: { trivet: { type: 'http', url: `${origin}/mcp` } } }, null, 2) },
  { name: 'OpenAI SDK, Node', text: `import OpenAI from 'openai';\n\nconst client = new OpenAI({ baseURL: '${origin}/v1', apiKey: 'unused' });\nconst answer = await client.chat.completions.create({\n  model: 'trivet/research',\n  messages: [{ role: 'user', content: 'Analyse Nimbus Robotics' }],\n});\nconsole.log(answer.choices[0].message.content);` },
  { name: 'OpenAI SDK, Python', text: `from openai import OpenAI\n\nclient = OpenAI(base_url='${origin}/v1', api_key='unused')\nanswer = client.chat.completions.create(\n    model='trivet/research',\n    messages=[{'role': 'user', 'content': 'Analyse Nimbus Robotics'}],\n)\nprint(answer.choices[0].message.content)` },
];

/** Lines that follow what happens. */
export const followSnippets = (origin: string): Snippet[] => [
  { name: 'curl', text: `# Facts of all workflows; -H 'Last-Event-ID: <id>' goes on behind one\ncurl -sN '${origin}/api/v1/stream?types=workflow.*'` },
  { name: 'nats', text: `nats sub 'trivet.v1.event.default.*.workflow.>'` },
  { name: 'trivet', text: `npx trivet watch <workflow id> --url ${origin}` },
  { name: 'browser', text: `const source = new EventSource('${origin}/api/v1/stream?types=workflow.*');\nsource.addEventListener('workflow.completed', ({ data }) => console.log(JSON.parse(data)));` },
];

/** What a NATS user of another system needs, and no more. */
export const PERMISSIONS = `permissions = {
  publish   = ["trivet.v1.task.submit.acme", "trivet.v1.rpc.>"]
  subscribe = ["_INBOX.>", "trivet.v1.event.acme.>"]
}`;
