import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Parser } from '@asyncapi/parser';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

const SCRIPT = join(import.meta.dirname, 'generate.mjs');
let root = '';

/** Runs the generator below a folder of the test; gives its exit status and all it printed. */
function generate(...options: string[]): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [SCRIPT, '--root', root, ...options], (_, stdout, stderr) => resolve({ status: child.exitCode, output: stdout + stderr }));
  });
}

const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8');

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'trivet-generate-'));
  expect(await generate()).toMatchObject({ status: 0 });
}, 120_000);
afterAll(() => rm(root, { recursive: true, force: true }));

describe('generate', () => {
  it('is idempotent', async () => {
    expect(await generate('--check')).toMatchObject({ status: 0 });
    expect((await generate()).output).toContain('were up to date');
  }, 60_000);

  it('names stale and surplus files, and mends them', async () => {
    await writeFile(join(root, 'contracts/schemas/Usage.json'), '{}');
    await writeFile(join(root, 'contracts/schemas/Gone.json'), '{}');
    const checked = await generate('--check');
    expect(checked).toMatchObject({ status: 1, output: expect.stringMatching(/contracts\/schemas\/Usage\.json\n {2}contracts\/schemas\/Gone\.json/) });
    await generate();
    expect(await generate('--check')).toMatchObject({ status: 0 });
  }, 60_000);
});

describe('the JSON Schemas', () => {
  it('compile together, refer only to each other, and accept a task and refuse a wrong one', async () => {
    const names = await readdir(join(root, 'contracts/schemas'));
    const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, validateFormats: false });
    for (const name of names) ajv.addSchema(JSON.parse(await read(`contracts/schemas/${name}`)));
    for (const name of names) expect(ajv.getSchema(`urn:trivet:schema:${name.replace('.json', '')}:v1`)).toBeDefined();
    const task = ajv.getSchema('urn:trivet:schema:TaskSubmit:v1');
    expect(task?.({ goal: 'Compare the funding', input: { deep: [1, { x: null }] }, plan: { steps: [{ id: 'a', kind: 'tool', tool: 'calculator', input: { expression: '1' } }] } })).toBe(true);
    expect(task?.({ goal: 'x', gaol: 'x' })).toBe(false);
    expect(task?.({ goal: 'x', workflowId: 'a b' })).toBe(false);
    const completed = ajv.getSchema('urn:trivet:schema:EventWorkflowCompleted:v1');
    expect(completed?.({ seq: 1, type: 'workflow.completed', at: '2026-01-01T00:00:00Z', workflowId: 'w', data: { result: null } })).toBe(true);
    expect(completed?.({ seq: 1, type: 'workflow.failed', at: '2026-01-01T00:00:00Z', workflowId: 'w', data: { result: null } })).toBe(false);
  });
});

describe('the AsyncAPI document', () => {
  it('is valid, and has every subject of the catalog', async () => {
    const { document, diagnostics } = await new Parser().parse(await read('contracts/asyncapi.yaml'));
    expect(diagnostics.filter(({ severity }) => severity <= 1)).toEqual([]);
    const addresses = document?.channels().all().map((channel) => channel.address());
    expect(addresses).toContain('trivet.v1.task.submit.{tenant}');
    expect(addresses).toContain('trivet.v1.event.{tenant}.{workflowId}.{noun}.{fact}');
    expect(document?.version()).toBe('3.1.0');
  }, 60_000);

  it('refers to nothing that is not there', async () => {
    const document = parse(await read('contracts/asyncapi.yaml'));
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path ?? '');
    expect(references.length).toBeGreaterThan(50);
    for (const path of references) expect(path.split('/').reduce((node, part) => node?.[part], document)).toBeDefined();
  });
});

describe('.env.example', () => {
  it('sets nothing by itself and leaves out what is for tests', async () => {
    const lines = (await read('.env.example')).split('\n').filter((line) => line !== '');
    expect(lines.every((line) => line.startsWith('#'))).toBe(true);
    expect(lines).toContain('# TRIVET_NATS_URL=nats://127.0.0.1:4222');
    expect(lines.join()).not.toContain('TRIVET_CRASH_AT');
  });
});
