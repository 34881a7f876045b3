import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, type Tool, type ToolManifest } from '@trivet/contracts';
import { startStack, until, type Stack } from '@trivet/testing';

const PLUGINS = new URL('../../executor/plugins/', import.meta.url);
/** A real module that is there: the smallest of the bundled ones, under another name. */
const module = readFileSync(new URL('text_stats/dist/text_stats.wasm', PLUGINS));
const bundled: ToolManifest = JSON.parse(readFileSync(new URL('text_stats/tool.json', PLUGINS), 'utf8'));
const manifestOf = (change: Partial<ToolManifest> = {}): ToolManifest => ({ ...bundled, name: 'counter', version: '1.0.0', ...change });

const section = (id: number, ...body: number[]): number[] => [id, body.length, ...body];
const text = (value: string): number[] => [value.length, ...Buffer.from(value)];
/** Imports WASI, and has a start section. */
const HOSTILE = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...section(1, 1, 0x60, 0, 0), ...section(2, 1, ...text('wasi_snapshot_preview1'), ...text('a'), 0, 0), ...section(3, 1, 0), ...section(7, 1, ...text('run'), 0, 1), ...section(8, 1), ...section(10, 1, 2, 0, 0x0b)]);

interface Given {
  manifest?: unknown;
  module?: Uint8Array;
  cases?: unknown;
  signature?: string;
  tenant?: string;
}

describe('tools of a tenant', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ without: ['model'], replicas: { executor: 2 } });
  });
  afterAll(() => stack.stop());

  async function put(name: string, given: Given, on = stack): Promise<{ status: number; body: Record<string, unknown> }> {
    const form = new FormData();
    if (given.manifest !== undefined) form.set('manifest', typeof given.manifest === 'string' ? given.manifest : JSON.stringify(given.manifest));
    if (given.cases !== undefined) form.set('cases', new Blob([JSON.stringify(given.cases)]), 'cases.json');
    if (given.signature !== undefined) form.set('signature', given.signature);
    if (given.module) form.set('module', new Blob([new Uint8Array(given.module)]), 'tool.wasm');
    const response = await fetch(`${on.url}/api/v1/tools/${name}`, { method: 'PUT', body: form, headers: given.tenant ? { 'X-Trivet-Tenant': given.tenant } : {} });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
  const act = async (method: string, path: string): Promise<number> => (await fetch(`${stack.url}/api/v1/tools/${path}`, { method })).status;
  let runs = 0;
  async function runTool(tool: string, options: { tenant?: string } = {}): Promise<{ status: string; result: unknown }> {
    const workflowId = `run-${(runs += 1)}`;
    const response = await stack.submit({ goal: 'x', workflowId, plan: { steps: [{ id: 'count', kind: 'tool', tool, input: { text: 'one two' } }] } }, options);
    if (response.status !== 202) return { status: 'refused', result: await response.json() };
    return stack.ended(workflowId, options);
  }

  it('are usable by every executor the moment they are there, and are listed', async () => {
    const { status, body } = await put('counter', { manifest: manifestOf(), module, cases: [{ name: 'two words', input: { text: 'one two' }, contains: { words: 2 } }] });
    expect([status, body]).toEqual([201, expect.objectContaining({ name: 'counter', version: '1.0.0', bundled: false, digest: expect.stringMatching(/^[0-9a-f]{64}$/) })]);
    const ended = await Promise.all(Array.from({ length: 8 }, () => runTool('counter')));
    for (const each of ended) expect(each).toMatchObject({ status: 'completed', result: { count: { words: 2 } } });
    const listed = await stack.get<{ items: Tool[] }>('/api/v1/tools');
    expect(listed.items.map((tool) => tool.name)).toContain('counter');
    expect((await put('counter', { manifest: manifestOf(), module })).status).toBe(200);
  });

  it('are refused with every problem named', async () => {
    const broken = await put('broken', { manifest: manifestOf({ name: 'other', version: 'one' }), cases: [{ input: 1 }] });
    expect(broken).toMatchObject({ status: 400, body: { code: 'tool_refused' } });
    expect((broken.body['errors'] as { pointer: string }[]).map((error) => error.pointer).sort()).toEqual(['/cases/0/name', '/manifest/version', '/module']);
    const refused = await put('hostile', { manifest: manifestOf({ name: 'hostile', input: { type: 'object', properties: { a: { pattern: '(?=x)' } } } }), module: HOSTILE });
    expect((refused.body['errors'] as { pointer: string }[]).map((error) => error.pointer)).toEqual(expect.arrayContaining(['/manifest/input/properties/a/pattern', '/module/import', '/module/start-section']));
    const wrong = await put('wrong', { manifest: manifestOf({ name: 'wrong' }), module, cases: [{ name: 'three', input: { text: 'one two' }, contains: { words: 3 } }] });
    expect(wrong).toMatchObject({ status: 400, body: { errors: [{ pointer: '/cases/0', detail: expect.stringContaining('words') }] } });
    expect(await put('calculator', { manifest: manifestOf({ name: 'calculator' }), module })).toMatchObject({ status: 409 });
    const json = await fetch(`${stack.url}/api/v1/tools/counter`, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: '{}' });
    expect(json.status).toBe(400);
    const listed = await stack.get<{ items: Tool[] }>('/api/v1/tools');
    for (const name of ['broken', 'hostile', 'wrong']) expect(listed.items.map((tool) => tool.name)).not.toContain(name);
  });

  it('have versions that never change; a workflow keeps to the one it was accepted with, or names one', async () => {
    const waiting = { steps: [{ id: 'nap', kind: 'wait', input: { signal: 'go' } }, { id: 'count', kind: 'tool', tool: 'counter', input: { text: 'a' }, dependsOn: ['nap'] }] };
    await stack.submit({ goal: 'x', workflowId: 'before', plan: waiting });
    expect((await put('counter', { manifest: manifestOf({ limits: { ...bundled.limits, outputKib: 1 } }), module })).status).toBe(409);
    // The new version takes no input that the plan of the old one gives.
    const next = manifestOf({ version: '1.1.0', input: { type: 'object', properties: { text: { type: 'string', minLength: 5 } }, required: ['text'] } });
    expect((await put('counter', { manifest: next, module })).status).toBe(201);
    expect((await stack.get<{ items: Tool[] }>('/api/v1/tools/counter/versions')).items.map((tool) => tool.version)).toEqual(['1.1.0', '1.0.0']);
    await fetch(`${stack.url}/api/v1/workflows/before/signal`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name: 'go' }) });
    expect((await stack.ended('before')).status).toBe('completed');
    const { digest } = await stack.get<Tool>('/api/v1/tools/counter');
    for (const reference of ['counter', 'counter@1.0.0', 'counter@1.1.0', `counter@sha256:${digest}`]) expect((await runTool(reference)).status).toBe('completed');
    expect((await runTool('counter@2.0.0')).status).toBe('refused');
  });

  it('run no call while they are disabled, and are gone when removed', async () => {
    expect(await act('POST', 'counter/disable')).toBe(200);
    expect((await runTool('counter')).result).toMatchObject({ code: 'plan_invalid' });
    expect(await act('POST', 'counter/enable')).toBe(200);
    expect((await runTool('counter')).status).toBe('completed');
    expect(await act('DELETE', 'counter')).toBe(204);
    expect(await act('GET', 'counter')).toBe(404);
    expect((await runTool('counter')).status).toBe('refused');
    expect(await act('DELETE', 'calculator')).toBe(409);
  });

  it('are seen by their tenant alone', async () => {
    expect((await put('private', { manifest: manifestOf({ name: 'private' }), module, tenant: 'acme' })).status).toBe(201);
    expect((await runTool('private', { tenant: 'acme' })).status).toBe('completed');
    expect(await act('GET', 'private')).toBe(404);
    expect(await act('DELETE', 'private')).toBe(404);
    expect((await runTool('private')).status).toBe('refused');
  });

  it('come back with everything else when Redis has lost its data', async () => {
    expect((await put('kept', { manifest: manifestOf({ name: 'kept' }), module })).status).toBe(201);
    await stack.servers.redis.wipe();
    await until(async () => (await stack.get<{ items: Tool[] }>('/api/v1/tools')).items.some((tool) => tool.name === 'kept'), 40_000, () => stack.logs());
    await until(async () => (await runTool('kept')).status === 'completed', 40_000, () => stack.logs());
  });
});

describe('where only signed tools are taken', () => {
  it('an upload needs the signature of one of the keys', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'trivet-signers-'));
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(join(folder, 'signers.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
    const stack = await startStack({ without: ['model'], environment: { TRIVET_TOOL_SIGNERS: join(folder, 'signers.pem') } });
    try {
      const manifest = manifestOf({ name: 'signed' });
      const { createHash } = await import('node:crypto');
      const text = Buffer.from(`${createHash('sha256').update(module).digest('hex')}\n${canonicalJson(manifest)}`);
      const upload = async (signature?: string): Promise<number> => {
        const form = new FormData();
        form.set('manifest', JSON.stringify(manifest));
        form.set('module', new Blob([new Uint8Array(module)]), 'tool.wasm');
        if (signature) form.set('signature', signature);
        return (await fetch(`${stack.url}/api/v1/tools/signed`, { method: 'PUT', body: form })).status;
      };
      expect(await upload()).toBe(400);
      expect(await upload(sign(null, text, generateKeyPairSync('ed25519').privateKey).toString('base64'))).toBe(400);
      expect(await upload(sign(null, text, privateKey).toString('base64'))).toBe(201);
    } finally {
      await stack.stop();
      rmSync(folder, { recursive: true });
    }
  });
});
