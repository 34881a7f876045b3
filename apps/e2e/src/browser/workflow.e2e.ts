import { readFileSync } from 'node:fs';
import type { AuditRow, Page as ListPage, TaskAccepted } from '@trivet/contracts';
import { startStack, type Stack } from '@trivet/testing';
import { DESK, PHONE, browserProgram, startBrowser, type Browser } from './browser.js';

const program = browserProgram();
if (!program) console.warn('The page of a workflow is not tested: there is no Chromium here (Debian package: chromium).');

/** Refusals that are provoked: an id that is unknown. */
const REFUSED = [404];
const LOOP = 'let sum = 0; for (let i = 0; i < 3e5; i++) sum += i; sum';
/** Each view once, half of them in each theme; their colours have the same names. */
const VIEWS = [
  { theme: 'light', size: DESK, tabs: ['timeline', 'trace', 'cost'] },
  { theme: 'dark', size: PHONE, tabs: ['graph', 'events', 'output', 'logs'] },
] as const;

(program ? describe : describe.skip)('the page of a workflow', () => {
  let stack: Stack;
  let browser: Browser;
  const submit = async (task: object): Promise<string> => ((await (await stack.submit(task)).json()) as TaskAccepted).workflowId;

  beforeAll(async () => {
    stack = await startStack();
    browser = await startBrowser(program ?? '', REFUSED);
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });

  it('grows while it runs, without being loaded again, and ends by itself', async () => {
    const id = await submit({ goal: 'signal, then loop', plan: { steps: [{ id: 'go', kind: 'wait', input: { signal: 'go' } }, { id: 'loop', kind: 'tool', tool: 'code_javascript', title: 'Count far', input: { code: LOOP }, dependsOn: ['go'] }] } });
    const { page, complaints } = await browser.open(`${stack.url}/workflows/${id}`);
    const timeline = page.getByRole('list', { name: 'Timeline' });
    await page.getByText('Step go waits for the signal "go".').waitFor();
    await timeline.getByRole('img', { name: /^go: .*waited/ }).waitFor();
    await page.evaluate('window.notLoadedAgain = true');
    await page.getByRole('button', { name: 'Signal…' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('go');
    await page.getByRole('dialog').getByRole('button', { name: 'Send', exact: true }).click();
    await timeline.getByRole('listitem').filter({ hasText: 'Count far' }).getByText('completed').waitFor({ timeout: 30_000 });
    await page.getByRole('heading', { level: 1 }).getByText('completed').waitFor();
    await timeline.getByRole('img', { name: /^loop: ran/ }).waitFor();
    await page.getByRole('button', { name: 'time', exact: true }).click();
    expect(new URL(page.url()).searchParams.get('colour')).toBe('time');
    expect(await page.evaluate('window.notLoadedAgain')).toBe(true);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('decides what a step asks, with other arguments than were proposed', async () => {
    const id = await submit({ goal: 'count words', plan: { steps: [{ id: 'ask', kind: 'approval', input: { question: 'Which text?', details: { text: 'one' } } }, { id: 'count', kind: 'tool', tool: 'text_stats', input: { $: 'steps.ask.output.edited' } }] } });
    const { page, complaints } = await browser.open(`${stack.url}/workflows/${id}`);
    await page.getByRole('button', { name: 'Approve…' }).click();
    await page.getByRole('dialog').getByLabel('What is approved').fill('{"text":"one two three"}');
    await page.getByRole('dialog').getByRole('button', { name: 'Approve', exact: true }).click();
    await page.getByRole('heading', { level: 1 }).getByText('completed').waitFor({ timeout: 20_000 });
    await page.getByRole('list', { name: 'Timeline' }).getByRole('button', { name: /^count/ }).click();
    const inspector = page.getByRole('complementary', { name: 'Step count' });
    await inspector.getByText('"words": 3').waitFor();
    await inspector.getByText(/ of \d+ MiB$/).waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('is cancelled with a reason that stands in the audit, and gives its events as a file', async () => {
    const id = await submit({ goal: 'wait long', plan: { steps: [{ id: 'nap', kind: 'wait', input: { ms: 600_000 } }] } });
    const { page, complaints } = await browser.open(`${stack.url}/workflows/${id}`);
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByRole('dialog').getByLabel('Reason').fill('nobody needs it');
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByRole('heading', { level: 1 }).getByText('cancelled').waitFor();
    const row = (await stack.get<ListPage<AuditRow>>('/api/v1/audit?limit=50')).items.find(({ action, target }) => action === 'workflow.cancel' && target.includes(id));
    expect(row?.detail).toContain('nobody needs it');

    const file = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download events' }).click();
    const lines = readFileSync(await (await file).path(), 'utf8').trim().split('\n').map((line): { type: string } => JSON.parse(line));
    expect([lines[0]?.type, lines.at(-1)?.type]).toEqual(['task.accepted', 'workflow.cancelled']);

    await page.getByRole('tab', { name: 'Events' }).click();
    await page.getByRole('button', { name: /^workflow\.cancelled/ }).first().click();
    await page.getByText(`1 of ${lines.length} events`).waitFor();
    await page.getByLabel('Find in events').fill('no such words');
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await page.getByText(`${lines.length} of ${lines.length} events`).waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('is readable in both themes, at a desk and on a phone', async () => {
    const id = await submit({ goal: 'Analyse Nimbus Robotics', template: 'research', labels: { team: 'research' } });
    expect((await stack.ended(id)).status).toBe('completed');
    const { page, complaints, accessibility, screenshot } = await browser.open(`${stack.url}/workflows/${id}?step=report`);
    for (const { theme, size, tabs } of VIEWS) {
      await page.emulateMedia({ colorScheme: theme });
      await page.setViewportSize(size);
      for (const tab of tabs) {
        await page.getByRole('tab', { name: tab, exact: false }).click();
        await page.getByRole('tabpanel').locator('ol, ul, pre, table, .react-flow__node, p').first().waitFor();
        await screenshot(`workflow-${tab}-${theme}`);
        const fits = await page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth');
        expect({ tab, theme, findings: await accessibility(), fits }).toEqual({ tab, theme, findings: [], fits: true });
      }
    }
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('says that there is no such workflow, and leads back', async () => {
    const { page } = await browser.open(`${stack.url}/workflows/never-was`);
    await page.getByText('There is no workflow never-was.').waitFor();
    await page.getByRole('link', { name: 'To the workflows' }).click();
    await page.waitForURL(`${stack.url}/workflows`);
    await page.close();
  });
});
