import type { AuditRow, StoredFile } from '@trivet/contracts';
import { makeMappedPdf, makePdf, startStack, until, type Stack } from '@trivet/testing';

describe('files of a tenant', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ without: ['model'] });
  });
  afterAll(() => stack.stop());

  async function upload(files: Record<string, string | Uint8Array>, tenant?: string): Promise<{ status: number; body: unknown }> {
    const form = new FormData();
    for (const [name, content] of Object.entries(files)) form.append('file', new Blob([typeof content === 'string' ? content : new Uint8Array(content)]), name);
    const response = await fetch(`${stack.url}/api/v1/files`, { method: 'POST', body: form, headers: tenant ? { 'X-Trivet-Tenant': tenant } : {} });
    return { status: response.status, body: await response.json() };
  }
  const names = async (tenant?: string): Promise<string[]> => (await stack.get<{ items: StoredFile[] }>('/api/v1/files', tenant ? { tenant } : {})).items.map((file) => file.name);
  let runs = 0;
  async function search(query: string, tenant?: string): Promise<{ title: string; ref: string; snippet: string }[]> {
    const options = tenant ? { tenant } : {};
    const workflowId = `search-${(runs += 1)}`;
    await stack.submit({ goal: 'x', workflowId, plan: { steps: [{ id: 'find', kind: 'tool', tool: 'docs_search', input: { query } }] } }, options);
    const { result } = await stack.ended(workflowId, options);
    return (result as { find: { results: { title: string; ref: string; snippet: string }[] } }).find.results;
  }

  it('are kept, searched by docs_search, given back as they were, and removed', async () => {
    const text = '# The lighthouse\n\nThe keeper of the lighthouse counts 孔雀 peacocks at noon.\n';
    expect(await upload({ 'lighthouse.md': text, 'page.html': '<title>Harbour</title><nav>menu</nav><p>Ships wait in the harbour for the tide to turn, all of them at once.</p>' })).toMatchObject({ status: 201, body: { items: [{ name: 'lighthouse.md', bytes: Buffer.byteLength(text) }, { name: 'page.html' }] } });
    expect((await search('peacocks at noon'))[0]).toMatchObject({ ref: 'lighthouse.md', title: 'The lighthouse', snippet: expect.stringContaining('peacocks') });
    expect((await search('tide harbour'))[0]).toMatchObject({ ref: 'page.html', title: 'Harbour' });
    const response = await fetch(`${stack.url}/api/v1/files/lighthouse.md`);
    expect([await response.text(), response.headers.get('content-disposition'), response.headers.get('x-content-type-options')]).toEqual([text, "attachment; filename*=UTF-8''lighthouse.md", 'nosniff']);
    expect((await fetch(`${stack.url}/api/v1/files/page.html`, { method: 'DELETE' })).status).toBe(204);
    expect(await names()).toEqual(['lighthouse.md']);
    expect((await fetch(`${stack.url}/api/v1/files/page.html`)).status).toBe(404);
  });

  it('are seen by their tenant alone; who has none searches the sample', async () => {
    await upload({ 'secret.txt': 'the vault code is 4711' }, 'acme');
    expect(await names('acme')).toEqual(['secret.txt']);
    expect(await names()).not.toContain('secret.txt');
    expect((await search('vault code 4711')).map((hit) => hit.ref)).not.toContain('secret.txt');
    expect((await search('vault code', 'acme'))[0]?.ref).toBe('secret.txt');
    expect((await search('Nimbus Robotics funding', 'empty'))[0]?.ref).toMatch(/nimbus/);
  });

  it.each([
    ['a name that leads out', { '../../etc/passwd': 'x' }, 201],
    ['a hidden name', { '.env': 'x' }, 400],
    ['a file over the limit', { 'big.txt': new Uint8Array(3 * 1_048_576 + 1) }, 413],
    ['no file at all', {}, 400],
  ])('%s is refused, or harmless', async (_what, files, status) => {
    expect((await upload(files)).status).toBe(status);
    expect((await names()).every((name) => !name.includes('/') && !name.startsWith('.'))).toBe(true);
  });

  it('that are PDFs are read when they come, searched by their text, and given back as they were', async () => {
    const report = makePdf(['Annual report', 'The turbine in hall nine was replaced in May by one of double the power.']);
    expect(await upload({ 'report.pdf': report, '年报.pdf': makeMappedPdf(['青鸾智能在二零二五年融资三亿元']) })).toMatchObject({ status: 201, body: { items: [{ name: 'report.pdf', bytes: report.length, pages: 2, text: { bytes: expect.any(Number) } }, { name: '年报.pdf', pages: 1 }] } });
    expect((await search('turbine hall nine'))[0]).toMatchObject({ ref: 'report.pdf', snippet: expect.stringContaining('turbine') });
    expect((await search('融资三亿元'))[0]).toMatchObject({ ref: '年报.pdf' });
    const response = await fetch(`${stack.url}/api/v1/files/report.pdf`);
    expect(Buffer.from(await response.arrayBuffer()).equals(report)).toBe(true);
  });

  it('that are PDFs without a text are kept, and say so', async () => {
    expect(await upload({ 'broken.pdf': '%PDF-1.7 and rubbish' })).toMatchObject({ status: 201, body: { items: [{ name: 'broken.pdf', notice: expect.stringMatching(/damaged/), text: { bytes: 0 } }] } });
    expect((await search('rubbish')).map((hit) => hit.ref)).not.toContain('broken.pdf');
  });

  it('may be written by a tool: they are kept with its result, and name their workflow', async () => {
    const plan = {
      steps: [
        { id: 'count', kind: 'code', input: { code: "files.write('sums.csv', 'a,b\\n1,2\\n'); files.write('dot.bin', new Uint8Array([0, 255]))" } },
        { id: 'keep', kind: 'tool', tool: 'save_files', dependsOn: ['count'], input: { files: { $: 'steps.count.output.files' } } },
      ],
    };
    await stack.submit({ goal: 'x', workflowId: 'writer', plan });
    expect(await stack.ended('writer')).toMatchObject({ status: 'completed', result: { keep: { files: [{ name: 'dot.bin', bytes: 2 }, { name: 'sums.csv', bytes: 8 }] } } });
    const { items } = await stack.get<{ items: StoredFile[] }>('/api/v1/files?workflowId=writer');
    expect(items).toMatchObject([{ name: 'dot.bin', bytes: 2, workflowId: 'writer', stepId: 'keep', type: 'application/octet-stream' }, { name: 'sums.csv', workflowId: 'writer', uploadedBy: 'workflow writer' }]);
    expect(await (await fetch(`${stack.url}/api/v1/files/sums.csv`)).text()).toBe('a,b\n1,2\n');
    const { items: rows } = await stack.get<{ items: AuditRow[] }>('/api/v1/audit?limit=200');
    expect(rows).toEqual(expect.arrayContaining([expect.objectContaining({ action: 'file.write', target: 'file/sums.csv', actor: 'workflow writer' })]));
  });

  it('of a call that fails are not kept', async () => {
    const names = Object.fromEntries(Array.from({ length: 3 }, (_, index) => [index < 2 ? `half-${index}.txt` : '../escape', 'x']));
    await stack.submit({ goal: 'x', workflowId: 'half', plan: { steps: [{ id: 'keep', kind: 'tool', tool: 'save_files', input: { files: names } }] } });
    expect(await stack.ended('half')).toMatchObject({ status: 'failed', failure: { code: 'invalid_request', message: expect.stringContaining('"../escape" is no name of a file') } });
    expect((await stack.get<{ items: StoredFile[] }>('/api/v1/files?workflowId=half')).items).toEqual([]);
  });

  it('come back when Redis has lost its data', async () => {
    const big = 'a line of a large file\n'.repeat(40_000);
    const kept = { 'big.txt': big, 'empty.txt': '', 'kept.txt': 'still here' };
    await upload(kept);
    await stack.servers.redis.wipe();
    await until(async () => (await names()).includes('kept.txt'), 40_000, () => stack.logs());
    for (const [name, content] of Object.entries(kept)) {
      const response = await fetch(`${stack.url}/api/v1/files/${name}`);
      expect([name, response.status, await response.text()]).toEqual([name, 200, content]);
    }
    await until(async () => (await stack.get<{ items: object[] }>('/api/v1/tools')).items.length > 5, 20_000);
    expect((await search('turbine hall nine'))[0]?.ref).toBe('report.pdf');
  });
});
