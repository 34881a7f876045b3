import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { McpServer, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import type { Tool, Workflow } from '@trivet/contracts';
import { startStack, until, type Stack } from '@trivet/testing';
import { z } from 'zod';

/** A server as a team would run it: sessions in memory, so that it forgets them when it is started anew. */
async function startMcpOverHttp(port = 0): Promise<{ port: number; headers: IncomingMessage['headers'][]; stop: () => Promise<void> }> {
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  const headers: IncomingMessage['headers'][] = [];
  const begin = async (): Promise<WebStandardStreamableHTTPServerTransport> => {
    const transport = new WebStandardStreamableHTTPServerTransport({ sessionIdGenerator: () => crypto.randomUUID(), onsessioninitialized: (id) => void sessions.set(id, transport) });
    const server = new McpServer({ name: 'far', version: '1.0.0' });
    server.registerTool('add', { description: 'Adds.', inputSchema: z.object({ a: z.number(), b: z.number() }) }, async ({ a, b }) => ({ content: [{ type: 'text', text: `${a + b}` }] }));
    server.registerTool('flood', { description: 'Answers far too much.', inputSchema: z.object({}) }, async () => ({ content: [{ type: 'text', text: 'x'.repeat(20 * 1_048_576) }] }));
    server.registerTool('hang', { description: 'Never answers.', inputSchema: z.object({}) }, () => new Promise(() => undefined));
    await server.connect(transport);
    return transport;
  };
  const http: Server = createServer((request, response) => {
    void (async () => {
      headers.push(request.headers);
      const id = request.headers['mcp-session-id'];
      const known = typeof id === 'string' ? sessions.get(id) : undefined;
      if (id !== undefined && !known) return void response.writeHead(404).end();
      const given = Object.entries(request.headers).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
      const body = request.method === 'POST' ? { body: Readable.toWeb(request) as ReadableStream, duplex: 'half' as const } : {};
      const answer = await (known ?? (await begin())).handleRequest(new Request(`http://127.0.0.1${request.url}`, { method: request.method ?? 'GET', headers: given, ...body }));
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      if (answer.body) Readable.fromWeb(answer.body as never).on('error', () => response.destroy()).pipe(response);
      else response.end();
    })().catch(() => response.destroy());
  });
  await new Promise<void>((done) => http.listen(port, '127.0.0.1', done));
  return {
    port: (http.address() as AddressInfo).port,
    headers,
    stop: () => new Promise((done) => {
      http.closeAllConnections();
      http.close(() => done());
    }),
  };
}

describe('tools of an MCP server over HTTP', () => {
  let stack: Stack;
  let folder: string;
  let far: Awaited<ReturnType<typeof startMcpOverHttp>>;
  beforeAll(async () => {
    far = await startMcpOverHttp();
    folder = mkdtempSync(join(tmpdir(), 'trivet-mcp-'));
    writeFileSync(join(folder, 'mcp.json'), JSON.stringify({ servers: { far: { url: `http://127.0.0.1:${far.port}/mcp`, headers: { authorization: 'Bearer of-ours' }, dangerous: ['hang'], limits: { timeoutMs: 3_000, outputKib: 64 } } } }));
    stack = await startStack({ without: ['model'], environment: { TRIVET_MCP_CONFIG: join(folder, 'mcp.json') } });
  });
  afterAll(async () => {
    await stack.stop();
    await far.stop();
    rmSync(folder, { recursive: true });
  });

  let runs = 0;
  async function run(tool: string, input: object = {}): Promise<Workflow> {
    const workflowId = `far-${(runs += 1)}`;
    await stack.submit({ goal: 'x', workflowId, plan: { steps: [{ id: 'call', kind: 'tool', tool, input }] } });
    return stack.ended(workflowId);
  }

  it('are in the catalog, and are called with the headers of the configuration', async () => {
    const tools = (await stack.get<{ items: Tool[] }>('/api/v1/tools')).items.filter(({ name }) => name.startsWith('mcp_'));
    expect(tools.map(({ name, dangerous }) => [name, dangerous === true])).toEqual([['mcp_far_add', false], ['mcp_far_flood', false], ['mcp_far_hang', true]]);
    expect(await run('mcp_far_add', { a: 20, b: 22 })).toMatchObject({ status: 'completed', result: { call: { text: '42' } } });
    expect(far.headers.every(({ authorization }) => authorization === 'Bearer of-ours')).toBe(true);
  });

  it('that answer more than is read fail their call, and the executor goes on', async () => {
    const pids = stack.processes('executor').map((each) => each.pid);
    expect(await run('mcp_far_flood')).toMatchObject({ status: 'failed', failure: { code: expect.stringMatching(/^tool_(output_too_large|timeout)$/) } });
    expect(await run('mcp_far_add', { a: 1, b: 1 })).toMatchObject({ status: 'completed' });
    expect(stack.processes('executor').map((each) => each.pid)).toEqual(pids);
  });

  it('fail while their server is away, and are there again when it was started anew', async () => {
    const { port } = far;
    await far.stop();
    expect(await run('mcp_far_add', { a: 1, b: 1 })).toMatchObject({ status: 'failed', failure: { code: expect.stringMatching(/^(tool_crashed|unavailable)$/), message: expect.stringContaining('MCP server far') } });
    far = await startMcpOverHttp(port);
    await until(async () => (await run('mcp_far_add', { a: 1, b: 2 })).status === 'completed', 40_000, () => stack.logs());
  });

  it('are there again when their server forgot us', async () => {
    const { port } = far;
    await far.stop();
    far = await startMcpOverHttp(port);
    await until(async () => (await run('mcp_far_add', { a: 1, b: 2 })).status === 'completed', 40_000, () => stack.logs());
  });
});
