import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GRANT_NAMES, type Artefact, type JsonValue, type ToolGrants, type ToolPolicy } from '@trivet/contracts';
import type { HostFunctionName } from '../sandbox/slot/messages.js';
import { createArtefacts } from './artefacts.js';
import { folderDocuments } from './files.js';
import { createHostHandler, type HostCallContext, type HostServices } from './host-functions.js';

const context: HostCallContext = { tenant: 'default', workflowId: 'w1', stepId: 's1', callId: 'c1', attempt: 1, tool: 'subject', depth: 0 };

describe('host functions', () => {
  let folder: string;
  let notes: unknown[];
  beforeEach(() => {
    notes = [];
    folder = mkdtempSync(join(tmpdir(), 'trivet-documents-'));
    writeFileSync(join(folder, 'a.md'), 'text of a');
    writeFileSync(join(folder, 'secret.env'), 'KEY=1');
    symlinkSync('/etc/passwd', join(folder, 'link.txt'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const ask = (name: HostFunctionName, request: unknown, grants: ToolGrants = {}, services: Partial<HostServices> = {}) =>
    createHostHandler(context, grants, {
      http: async () => ({ value: 'http was reached' }),
      documents: () => folderDocuments(folder),
      log: (_call, message, fields) => notes.push([message, fields]),
      progress: (_call, fraction, message) => notes.push([fraction, message]),
      ...services,
    })(name, request, new AbortController().signal);

  it.each(['http', 'model', 'files', 'tool', 'kv', 'memory'] as const)('deny %s to a tool without a grant', async (name) => {
    const reached = async () => ({ value: 'reached' });
    expect(await ask(name, { name: 'other', op: 'list' }, {}, { model: reached, tool: reached, kv: reached, memory: reached })).toMatchObject({ error: { code: 'tool_host_denied', message: expect.stringContaining('subject') } });
  });

  it.each(['http', 'model', 'files', 'tool', 'kv', 'memory'] as const)('deny %s that is granted and that the policy of the tenant withholds', async (name) => {
    const reached = async () => ({ value: 'reached' });
    const services: HostServices = { http: reached, documents: () => folderDocuments(folder), log: () => undefined, progress: () => undefined, model: reached, tool: reached, kv: reached, memory: reached };
    const grants: ToolGrants = { http: [{ host: '*' }], model: true, files: true, tools: ['other'], kv: true, memory: true };
    const askUnder = (withhold: NonNullable<ToolPolicy['withhold']>) => createHostHandler({ ...context, policy: { withhold } }, grants, services)(name, { name: 'other', op: 'list' }, new AbortController().signal);
    const grant = name === 'tool' ? 'tools' : name;
    expect(await askUnder([grant])).toEqual({ error: { code: 'tool_host_denied', message: expect.stringContaining(`asked for ${name}, which the policy of tenant default withholds`), detail: { function: name, policy: 'default' } } });
    expect(await askUnder(GRANT_NAMES.filter((each) => each !== grant))).toMatchObject({ value: expect.anything() });
  });

  describe('of files that a call writes', () => {
    const blobs = { put: async (bytes: Uint8Array) => ({ blob: 'f'.repeat(64), bytes: bytes.length }) };
    const write = (request: object, artefacts: Map<string, Artefact> = new Map(), grants: ToolGrants = { artefacts: true }) =>
      createHostHandler({ ...context, artefacts }, grants, { http: async () => ({ value: null }), documents: () => null, log: () => undefined, progress: () => undefined, artefacts: createArtefacts(blobs) })('files', { op: 'write', ...request }, new AbortController().signal);

    it('keep them for the result, the last of a name', async () => {
      const artefacts = new Map<string, Artefact>();
      expect(await write({ name: 'a.csv', content: 'ü' }, artefacts)).toEqual({ value: { name: 'a.csv', bytes: 2 } });
      expect(await write({ name: 'a.csv', base64: 'AAEC', type: 'image/png' }, artefacts)).toEqual({ value: { name: 'a.csv', bytes: 3 } });
      expect([...artefacts.values()]).toEqual([{ name: 'a.csv', type: 'image/png', content: { blob: 'f'.repeat(64), bytes: 3 } }]);
    });

    it('deny it without the grant, also to a tool that may read', async () => {
      expect(await write({ name: 'a.csv', content: '' }, new Map(), { files: true })).toMatchObject({ error: { code: 'tool_host_denied', message: expect.stringContaining('asked for artefacts') } });
    });

    it.each([
      [{ name: '../a', content: '' }, 'invalid_request'],
      [{ name: '.env', content: '' }, 'invalid_request'],
      [{ content: '' }, 'invalid_request'],
      [{ name: 'a' }, 'invalid_request'],
      [{ name: 'a', base64: '*' }, 'invalid_request'],
      [{ name: 'a', content: 'x'.repeat(3 * 1_048_576 + 1) }, 'payload_too_large'],
    ])('refuse %j with %s', async (request, code) => {
      const artefacts = new Map<string, Artefact>();
      expect(await write(request, artefacts)).toMatchObject({ error: { code, message: expect.any(String) } });
      expect(artefacts.size).toBe(0);
    });

    it('take 20 of a call', async () => {
      const artefacts = new Map<string, Artefact>();
      for (let index = 0; index < 20; index += 1) expect(await write({ name: `f${index}`, content: '' }, artefacts)).toMatchObject({ value: {} });
      expect(await write({ name: 'one-more', content: '' }, artefacts)).toMatchObject({ error: { code: 'payload_too_large', detail: { limit: 20 } } });
      expect(await write({ name: 'f0', content: 'again' }, artefacts)).toMatchObject({ value: { bytes: 5 } });
    });
  });

  it('deny what is granted but not provided', async () => {
    expect(await ask('kv', { op: 'get' }, { kv: true })).toMatchObject({ error: { code: 'tool_host_denied', message: 'This executor provides no kv, which tool subject asked for.' } });
  });

  it('deny tools that are not on the list, whatever is asked', async () => {
    const tool = async () => ({ value: 'called' });
    expect(await ask('tool', { name: 'calculator', input: {} }, { tools: ['calculator'] }, { tool })).toEqual({ value: 'called' });
    for (const request of [{ name: 'web_fetch' }, {}, null, 'calculator', { name: ['calculator'] }]) expect(await ask('tool', request, { tools: ['calculator'] }, { tool })).toMatchObject({ error: { code: 'tool_host_denied' } });
  });

  it('count the occurrences of what is answered elsewhere', async () => {
    const seen: number[] = [];
    const model = async (_call: HostCallContext, _request: JsonValue, occurrence: number) => {
      seen.push(occurrence);
      return { value: null };
    };
    const handler = createHostHandler(context, { model: true }, { http: async () => ({ value: null }), documents: () => null, log: () => undefined, progress: () => undefined, model });
    for (let index = 0; index < 3; index += 1) await handler('model', {}, new AbortController().signal);
    expect(seen).toEqual([1, 2, 3]);
  });

  describe('files', () => {
    it('lists and reads plain text files of the folder, and nothing else', async () => {
      expect(await ask('files', { op: 'list' }, { files: true })).toEqual({ value: [{ name: 'a.md', bytes: 9 }] });
      expect(await ask('files', { op: 'read', name: 'a.md' }, { files: true })).toEqual({ value: 'text of a' });
    });

    it.each(['../../etc/passwd', '/etc/passwd', 'link.txt', 'secret.env', './a.md', 'a.md\0', '..', '', 'A.MD', '%2e%2e/a.md', 'constructor', '__proto__'])('denies %j', async (name) => {
      expect(await ask('files', { op: 'read', name }, { files: true })).toMatchObject({ error: { code: 'tool_host_denied' } });
    });

    it('knows only list, read and write', async () => {
      expect(await ask('files', { op: 'append', name: 'a.md' }, { files: true })).toMatchObject({ error: { code: 'invalid_request' } });
    });

    it('has nothing for a tool without documents', async () => {
      expect(await ask('files', { op: 'list' }, { files: true }, { documents: () => null })).toMatchObject({ error: { code: 'tool_host_denied' } });
    });
  });

  it('pass on log lines and progress, cut and clamped', async () => {
    await ask('log', { message: 'x'.repeat(10_000), fields: { a: 1 } });
    await ask('progress', { fraction: 7, message: 'almost' });
    await ask('progress', { fraction: 'NaN' });
    expect(notes).toEqual([['x'.repeat(4000), { a: 1 }], [1, 'almost'], [0, '']]);
  });
});
