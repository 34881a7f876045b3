import type { Connection } from './connection.js';
import { curlKey } from './key-lines.js';
import type { Snippet } from './snippets.js';

const QUESTION = 'Analyse Nimbus Robotics';

/** Lines that let agents and clients of OpenAI in. */
export const agentSnippets = (to: Connection): Snippet[] => [
  { name: 'MCP', about: 'The entry of a client of the Model Context Protocol, such as .mcp.json.', text: mcpEntry(to) },
  { name: 'MCP by curl', text: `curl -s '${to.origin}/mcp' -H 'content-type: application/json' -H 'accept: application/json, text/event-stream'${curlKey(to)} \\\n  -d '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'` },
  { name: 'OpenAI by curl', about: '/v1/models lists what a model may be: models, tiers, and templates as trivet/<name>.', text: `curl -s '${to.origin}/v1/chat/completions' -H 'content-type: application/json'${curlKey(to)} \\\n  -d '{"model":"trivet/research","messages":[{"role":"user","content":"${QUESTION}"}]}'` },
  { name: 'OpenAI SDK, Node', about: 'npm install openai', text: byNode(to) },
  { name: 'OpenAI SDK, Python', about: 'pip install openai', text: byPython(to) },
];

const mcpEntry = ({ origin, needsKey }: Connection): string => JSON.stringify({ mcpServers: { trivet: { type: 'http', url: `${origin}/mcp`, ...(needsKey ? { headers: { Authorization: 'Bearer ${TRIVET_API_KEY}' } } : {}) } } }, null, 2);

// A workflow that failed has tried what there was to try: the client's own retries would only be further workflows.
const byNode = ({ origin, needsKey }: Connection): string => `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: '${origin}/v1', apiKey: ${needsKey ? 'process.env.TRIVET_API_KEY' : "'none'"}, maxRetries: 0 });
const answer = await client.chat.completions.create({
  model: 'trivet/research',
  messages: [{ role: 'user', content: '${QUESTION}' }],
});
console.log(answer.choices[0].message.content);`;

const byPython = ({ origin, needsKey }: Connection): string => `${needsKey ? 'import os\n' : ''}from openai import OpenAI

client = OpenAI(base_url='${origin}/v1', api_key=${needsKey ? "os.environ['TRIVET_API_KEY']" : "'none'"}, max_retries=0)
answer = client.chat.completions.create(
    model='trivet/research',
    messages=[{'role': 'user', 'content': '${QUESTION}'}],
)
print(answer.choices[0].message.content)`;
