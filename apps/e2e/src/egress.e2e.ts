import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack, type Stack } from '@trivet/testing';
import { buildTool } from '@trivet/tool-sdk';

/** A service of the operator on the loopback, which stands for a SearXNG and for a service of the team. */
describe('what an operator lets tools reach', () => {
  const SECRET = 'a-very-secret-key';
  let stack: Stack;
  let service: Server;
  let folder: string;
  const asked: IncomingMessage[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'trivet-egress-'));
    service = createServer((request, response) => {
      asked.push(request);
      const results = [{ title: 'Grey heron', url: 'https://example.org/heron', content: 'A wading bird.' }];
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ results, echo: request.headers['x-api-key'] ?? null }));
    });
    await new Promise<void>((done) => service.listen(0, '127.0.0.1', done));
    const { port } = service.address() as AddressInfo;
    const config = join(folder, 'egress.json');
    writeFileSync(config, JSON.stringify({
      secrets: { crm: { header: 'x-api-key', value: SECRET, hosts: ['crm.trivet.internal'], tools: ['default/asker'] } },
      services: { 'crm.trivet.internal': { url: `http://127.0.0.1:${port}/crm`, tools: ['default/asker'] } },
    }));
    stack = await startStack({ without: ['model'], environment: { TRIVET_SEARXNG_URL: `http://127.0.0.1:${port}`, TRIVET_EGRESS_CONFIG: config } });
  });
  afterAll(async () => {
    await stack.stop();
    service.close();
    rmSync(folder, { recursive: true });
  });

  async function run(tool: string, input: object, tenant?: string): Promise<unknown> {
    const options = tenant ? { tenant } : {};
    const workflowId = `w-${asked.length}-${tool}-${tenant ?? 'own'}`;
    await stack.submit({ goal: 'x', workflowId, plan: { steps: [{ id: 's', kind: 'tool', tool, input }] } }, options);
    const { status, result, failure } = await stack.ended(workflowId, options);
    return status === 'completed' ? (result as { s: unknown }).s : failure;
  }

  async function upload(tenant?: string): Promise<void> {
    writeFileSync(join(folder, 'tool.ts'), "import { http } from '@trivet/tool-sdk/guest';\nexport const run = ({ url }: { url: string }) => http({ url });\n");
    const limits = { timeoutMs: 5000, memoryMib: 32, outputKib: 64, hostCalls: 5 };
    const manifest = { name: 'asker', version: '1.0.0', description: 'Asks.', input: { type: 'object' }, output: { type: 'object' }, grants: { http: [{ host: 'crm.trivet.internal', secretHeader: 'crm' }] }, limits };
    writeFileSync(join(folder, 'tool.json'), JSON.stringify(manifest));
    const form = new FormData();
    form.append('manifest', JSON.stringify(manifest));
    form.append('module', new Blob([new Uint8Array(readFileSync((await buildTool(folder)).file))]));
    const response = await fetch(`${stack.url}/api/v1/tools/asker`, { method: 'PUT', body: form, headers: tenant ? { 'X-Trivet-Tenant': tenant } : {} });
    expect([response.status, await response.text()]).toEqual([201, expect.anything()]);
  }

  it('is asked by web_search, and named as its source', async () => {
    expect(await run('web_search', { query: 'grey heron' })).toEqual({ results: [{ title: 'Grey heron', url: 'https://example.org/heron', snippet: 'A wading bird.' }], source: 'searxng' });
    expect(asked.at(-1)?.url).toBe('/search?format=json&q=grey%20heron');
  });

  it('gets the secret of the tool it is for; the tool, the events and the logs do not', async () => {
    await upload();
    expect(await run('asker', { url: 'http://crm.trivet.internal/find?id=7' })).toMatchObject({ status: 200, url: 'http://crm.trivet.internal/find?id=7', body: expect.stringContaining('"echo":"[secret]"') });
    expect([asked.at(-1)?.url, asked.at(-1)?.headers['x-api-key']]).toEqual(['/crm/find?id=7', SECRET]);
    expect(stack.logs()).not.toContain(SECRET);
  });

  it('is out of reach for a tool of the same name that another tenant uploaded', async () => {
    await upload('acme');
    const before = asked.length;
    expect(await run('asker', { url: 'http://crm.trivet.internal/find' }, 'acme')).toMatchObject({ code: 'tool_host_denied', message: expect.stringContaining('acme/asker') });
    expect(asked.length).toBe(before);
  });
});
