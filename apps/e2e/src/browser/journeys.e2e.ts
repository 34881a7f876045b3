import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connectBus } from '@trivet/bus';
import type { AuditRow, Page as ListPage, Step, TaskAccepted, Workflow } from '@trivet/contracts';
import { startStack, until, type Stack } from '@trivet/testing';
import type { Page } from 'playwright-core';
import { PHONE, browserProgram, startBrowser, type Browser } from './browser.js';

const program = browserProgram();
const REFUSED = [400, 404];

(program ? describe : describe.skip)('people at the dashboard', () => {
  let stack: Stack;
  let browser: Browser;
  const auditOf = async (action: string): Promise<AuditRow | undefined> => (await stack.get<ListPage<AuditRow>>('/api/v1/audit?limit=200')).items.find((row) => row.action === action);
  const submit = async (task: object): Promise<string> => ((await (await stack.submit(task)).json()) as TaskAccepted).workflowId;

  beforeAll(async () => {
    stack = await startStack();
    browser = await startBrowser(program ?? '', REFUSED);
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });

  it('run the demo, watch it to its end, and fork it from its second step with another input', async () => {
    const { page, complaints, accessibility, screenshot } = await browser.open(`${stack.url}/`);
    await page.getByRole('button', { name: 'Run the demo workflow' }).click();
    await page.waitForURL(/\/workflows\/.+/);
    await page.getByRole('main').getByText('completed', { exact: true }).first().waitFor({ timeout: 60_000 });
    await screenshot('workflow-timeline');
    await page.getByRole('tab', { name: 'Graph' }).click();
    await page.getByRole('region', { name: 'Graph' }).getByText('Write the report').waitFor();
    await page.getByRole('tab', { name: 'Trace' }).click();
    const services = page.getByRole('list', { name: 'Trace' });
    for (const service of ['orchestrator', 'executor', 'model']) await services.getByText(service, { exact: true }).first().waitFor();
    await page.getByRole('tab', { name: 'Output' }).click();
    await page.getByText('## Funding').first().waitFor();
    expect(await accessibility()).toEqual([]);

    await page.getByRole('tab', { name: 'Timeline' }).click();
    await page.getByRole('list', { name: 'Timeline' }).getByRole('button', { name: 'Find out how it is funded' }).click();
    await page.getByRole('button', { name: 'Fork from here' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Input of the step').fill('{"query":"Nimbus Robotics patents","maxSources":2}');
    await dialog.getByLabel('Reason').fill('look at patents');
    const first = page.url();
    await dialog.getByRole('button', { name: 'Fork', exact: true }).click();
    await page.waitForURL((url) => url.pathname.startsWith('/workflows/') && !first.includes(url.pathname));
    const forked = page.url().split('/').at(-1) ?? '';
    expect((await stack.ended(forked)).status).toBe('completed');
    const { items } = await stack.get<ListPage<Step>>(`/api/v1/workflows/${forked}/steps`);
    expect(items.map(({ id, reusedFrom, input }) => [id, reusedFrom !== undefined, id === 'funding' ? input : null])).toEqual([['overview', true, null], ['funding', false, { query: 'Nimbus Robotics patents', maxSources: 2 }], ['report', false, null]]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('find, follow and cancel many workflows', async () => {
    const waiting = { goal: 'wait for a person', plan: { steps: [{ id: 'ask', kind: 'approval', input: { question: 'Go on?' } }] } };
    const { page, complaints } = await browser.open(`${stack.url}/workflows?q=wait+for`);
    await page.getByText('No workflow matches').waitFor();
    const ids = [await submit(waiting), await submit(waiting), await submit(waiting)];
    await page.getByRole('checkbox', { name: `Choose ${ids[0]}` }).waitFor();
    await page.reload();
    await page.getByText('Step ask waits for a decision: Go on?').first().waitFor();
    for (const id of ids) await page.getByRole('checkbox', { name: `Choose ${id}` }).check();
    await page.getByRole('button', { name: 'Cancel…', exact: true }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill('no longer needed');
    await dialog.getByRole('button', { name: 'Cancel', exact: true }).click();
    await dialog.getByText('3 workflows done, 0 refused.').waitFor();
    await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
    await page.getByRole('button', { name: /^cancelled/ }).click();
    expect(new URL(page.url()).searchParams.getAll('status')).toEqual(['cancelled']);
    expect((await auditOf('workflow.cancel'))?.detail).toBe('no longer needed');
    await page.getByRole('searchbox', { name: /Find a workflow/ }).fill(ids[1] ?? '');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${stack.url}/workflows/${ids[1]}`);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('approve with edited arguments, and raise a budget that stopped a workflow', async () => {
    const asked = await submit({ goal: 'count words', plan: { steps: [{ id: 'ask', kind: 'approval', input: { question: 'Which text?', details: { text: 'one' } } }] } });
    const { page, complaints, screenshot } = await browser.open(`${stack.url}/approvals`);
    await page.getByRole('button', { name: 'Approve…' }).click();
    await page.getByRole('dialog').getByLabel('What is approved').fill('{"text":"one two"}');
    await page.getByRole('dialog').getByLabel('Comment').fill('two is better');
    await page.getByRole('dialog').getByRole('button', { name: 'Approve', exact: true }).click();
    expect((await stack.ended(asked)).result).toMatchObject({ ask: { decision: 'approve', comment: 'two is better', edited: { text: 'one two' } } });

    const poor = await submit({ goal: 'spend', budget: { tokens: 10, onExceed: 'ask' }, plan: { steps: [{ id: 'say', kind: 'model', input: { messages: [{ role: 'user', content: 'Summarise: the river is long and the town is small and the road between them is old.' }] } }] } });
    await until(async () => (await stack.get<Workflow>(`/api/v1/workflows/${poor}`)).status === 'waiting', 15_000);
    await page.goto(`${stack.url}/approvals`);
    await page.getByRole('button', { name: 'Approve…' }).click();
    await page.getByRole('dialog').getByLabel('New limits').fill('{"tokens":100000}');
    await page.getByRole('dialog').getByRole('button', { name: 'Approve', exact: true }).click();
    expect((await stack.ended(poor)).status).not.toBe('waiting');
    await page.goto(`${stack.url}/workflows/${poor}?tab=cost`);
    await page.getByText('100,000').or(page.getByText('100K')).first().waitFor();
    await page.getByRole('button', { name: 'Budget…' }).click();
    await page.getByRole('dialog').getByLabel('Most tokens').fill('200000');
    await page.getByRole('dialog').getByRole('button', { name: 'Set', exact: true }).click();
    await until(async () => (await stack.get<Workflow>(`/api/v1/workflows/${poor}`)).budget.limitTokens === 200_000, 10_000);
    await screenshot('workflow-cost');
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('upload a tool, read every finding when it is refused, and try it', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'trivet-upload-'));
    const plugin = 'apps/executor/plugins/text_stats';
    const manifest: Record<string, unknown> = { ...JSON.parse(readFileSync(`${plugin}/tool.json`, 'utf8')), name: 'my_stats' };
    writeFileSync(path.join(folder, 'broken.json'), JSON.stringify({ ...manifest, limits: undefined, version: 'one' }));
    writeFileSync(path.join(folder, 'tool.json'), JSON.stringify(manifest));
    const { page, complaints } = await browser.open(`${stack.url}/tools`);
    await page.getByRole('button', { name: 'Upload a tool' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Files of the tool').setInputFiles([path.join(folder, 'broken.json'), `${plugin}/dist/text_stats.wasm`]);
    await dialog.getByRole('button', { name: 'Upload', exact: true }).click();
    await dialog.getByRole('list', { name: 'Findings' }).getByText('version').first().waitFor();
    await dialog.getByLabel('Files of the tool').setInputFiles(path.join(folder, 'tool.json'));
    await dialog.getByLabel('Reason').fill('gebraucht für 报告');
    await dialog.getByRole('button', { name: 'Upload', exact: true }).click();
    await page.getByLabel('Input (JSON)').fill('{"text":"one two three"}');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByText('"words": 3').waitFor({ timeout: 20_000 });
    expect((await auditOf('tool.upload'))?.detail).toMatch(/^version 1\.0\.0, .*; reason: gebraucht für 报告$/);
    rmSync(folder, { recursive: true, force: true });
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('send a dead letter back', async () => {
    const { page, complaints } = await browser.open(`${stack.url}/workers?tab=dead`);
    await page.getByText('No dead letters.').waitFor();
    const bus = await connectBus({ url: stack.servers.nats.url, name: 'another-system' });
    bus.notify('trivet.v1.task.submit.default', { without: 'a goal' });
    await until(async () => (await stack.get<ListPage<unknown>>('/api/v1/dead')).items.length === 1, 10_000);
    await bus.close();
    await page.reload();
    await page.getByRole('button', { name: 'Requeue…' }).first().click();
    await page.getByRole('dialog').getByLabel('Reason').fill('the parser is mended');
    await page.getByRole('dialog').getByRole('button', { name: 'Requeue', exact: true }).click();
    await page.getByText(/Requeue: number/).waitFor();
    expect((await auditOf('dead.requeue'))?.detail).toContain('the parser is mended');
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('see what a tool wrote as text, whatever it wrote', async () => {
    const evil = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>';
    const id = await submit({ goal: evil, plan: { steps: [{ id: 'echo', kind: 'code', title: evil, input: { code: `(${JSON.stringify(evil)})` } }] } });
    expect((await stack.ended(id)).status).toBe('completed');
    const { page, complaints } = await browser.open(`${stack.url}/workflows/${id}?step=echo`);
    await page.getByRole('complementary').getByText('onerror').first().waitFor();
    // Somebody is still asked when the pages are looked at full.
    await submit({ goal: 'ask', plan: { steps: [{ id: 'ask', kind: 'approval', input: { question: evil, details: { evil } } }] } });
    for (const tab of ['Events', 'Output', 'Input', 'Trace']) {
      await page.getByRole('tab', { name: tab }).click();
      await page.getByRole('tabpanel').waitFor();
    }
    expect({ title: await page.title(), images: await page.locator('main img').count() }).toEqual({ title: 'Trivet', images: 0 });
    expect(complaints).toEqual([]);
    await page.close();
  });

  it.each(['', 'workflows', 'workers?tab=queues', 'budgets', 'budgets?tab=cost', 'tools?tool=my_stats', 'prompts?prompt=report', 'approvals', 'audit', 'connect'])('see /%s full in the dark, and on a phone, without a complaint', async (address) => {
    const { page, complaints, accessibility, screenshot } = await browser.open(`${stack.url}/${address}`);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.getByRole('main').locator('section, table, ul, ol').first().waitFor();
    const name = address.replaceAll(/\W/g, '-') || 'overview';
    await screenshot(`full-${name}-dark`);
    const findings = await accessibility();
    await page.setViewportSize(PHONE);
    await screenshot(`full-${name}-phone`);
    const fits = await page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth');
    expect({ complaints, findings, fits }).toEqual({ complaints: [], findings: [], fits: true });
    await page.close();
  });

  it('filter twenty thousand events at once', async () => {
    const id = await submit({ goal: 'many', plan: { steps: [{ id: 'sum', kind: 'tool', tool: 'calculator', input: { expression: '1 + 1' } }] } });
    await stack.ended(id);
    const { page } = await browser.open(`${stack.url}/connect`);
    await serveEvents(page, id, 20_000);
    await page.goto(`${stack.url}/workflows/${id}?tab=events`);
    await page.getByText('20,000 of 20,000 events').waitFor({ timeout: 30_000 });
    const search = page.getByLabel('Find in events');
    await search.fill('step-1');
    await page.getByText(/^11,111 of 20,000/).waitFor();
    const ms = await page.evaluate(measureFilter);
    console.log(`Filtering 20,000 events to one: ${Math.round(Number(ms))} ms`);
    expect(await page.getByRole('region', { name: 'Events' }).getByRole('button').count()).toBe(1);
    // The goal is 100 ms; five times as much is a hang.
    expect(Number(ms)).toBeLessThan(500);
    await page.close();
  });
});

/** Types a text into the search and waits until the page says how many events are left. In the browser. */
const measureFilter = `new Promise((resolve) => {
  const box = [...document.querySelectorAll('input')].find((input) => input.labels?.[0]?.textContent === 'Find in events');
  const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
  const startedAt = performance.now();
  set.call(box, 'step-19999');
  box.dispatchEvent(new Event('input', { bubbles: true }));
  const look = () => (document.body.textContent.includes('1 of 20,000 events') && !document.body.textContent.includes('11,111 of') ? resolve(performance.now() - startedAt) : requestAnimationFrame(look));
  look();
})`;

/** Answers the reading of events with a long history; everything else of the page is the stack's. */
async function serveEvents(page: Page, workflowId: string, count: number): Promise<void> {
  await page.route(`**/api/v1/workflows/${workflowId}/events?*`, (route) => {
    const query = new URL(route.request().url()).searchParams;
    const before = Number(query.get('before') ?? count + 1);
    const first = Math.max(1, before - Number(query.get('tail')));
    const items = Array.from({ length: before - first }, (_, index) => ({ seq: first + index, type: 'step.completed', at: '2026-01-01T00:00:00.000Z', workflowId, data: { stepId: `step-${first + index}`, output: { text: 'some words of an output' } } }));
    return route.fulfill({ json: { items, nextCursor: null } });
  });
}
