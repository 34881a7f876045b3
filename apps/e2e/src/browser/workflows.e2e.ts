import type { Page as ListPage, TaskAccepted, Workflow } from '@trivet/contracts';
import { startStack, until, type Stack } from '@trivet/testing';
import type { Page } from 'playwright-core';
import { DESK, browserProgram, startBrowser, type Browser } from './browser.js';

const program = browserProgram();
if (!program) console.warn('The list of workflows is not tested in a browser: there is no Chromium here (Debian package: chromium).');

const ASK = { steps: [{ id: 'ask', kind: 'approval', input: { question: 'Go on?' } }] };

(program ? describe : describe.skip)('the list of workflows', () => {
  let stack: Stack;
  let browser: Browser;
  const submit = async (task: object): Promise<string> => ((await (await stack.submit(task)).json()) as TaskAccepted).workflowId;

  beforeAll(async () => {
    stack = await startStack();
    browser = await startBrowser(program ?? '');
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });

  it('shows what was submitted in the dialog elsewhere, live, and announces more without moving a row', async () => {
    const list = await browser.open(`${stack.url}/workflows`);
    await list.page.getByText('Nothing was submitted yet.').waitFor();
    const other = await browser.open(`${stack.url}/`);
    await other.page.getByRole('button', { name: 'Submit a task' }).waitFor();
    await other.page.keyboard.press('n');
    await other.page.getByRole('dialog').getByLabel('Goal').fill('Analyse Nimbus Robotics');
    await other.page.getByRole('dialog').getByLabel('Template').selectOption('research');
    await other.page.getByRole('dialog').getByRole('button', { name: 'Submit', exact: true }).click();
    await other.page.waitForURL(/\/workflows\/.+/);
    // An empty list takes it in by itself, and its row goes on to the end.
    const row = list.page.getByRole('row').filter({ hasText: 'Analyse Nimbus Robotics' });
    await row.getByText('completed').first().waitFor({ timeout: 60_000 });
    await row.getByText('3/3', { exact: true }).waitFor();

    await submit({ goal: 'ask ann', workflowId: 'ann', plan: ASK });
    await submit({ goal: 'ask bob', workflowId: 'bob', plan: ASK, labels: { team: 'red pandas' } });
    await list.page.getByRole('button', { name: '2 new: show' }).waitFor();
    expect(await goalsOf(list.page)).toEqual(['Analyse Nimbus Robotics']);
    await list.page.getByRole('button', { name: '2 new: show' }).click();
    await list.page.getByText(/^Waiting .+: Step ask waits for a decision: Go on\?$/).first().waitFor();
    expect(await goalsOf(list.page)).toEqual(['ask bob', 'ask ann', 'Analyse Nimbus Robotics']);
    expect([...list.complaints, ...other.complaints]).toEqual([]);
    await Promise.all([list.page.close(), other.page.close()]);
  });

  it('keeps its filters over a reload and in a link, labels with spaces too', async () => {
    const { page, complaints } = await browser.open(`${stack.url}/workflows`);
    await page.getByRole('button', { name: /^waiting/ }).click();
    await page.getByLabel('Text in goal or id').fill('ask');
    await page.getByLabel('Label, then Enter').fill('team');
    await page.keyboard.press('Enter');
    await page.getByText('"team" has no "="').waitFor();
    await page.getByLabel('Label, then Enter').fill('team=red pandas');
    await page.keyboard.press('Enter');
    await rowsBecome(page, ['ask bob']);
    await page.reload();
    await rowsBecome(page, ['ask bob']);
    const shared = await browser.open(page.url());
    await rowsBecome(shared.page, ['ask bob']);
    expect(await shared.page.getByLabel('Text in goal or id').inputValue()).toBe('ask');
    expect(await shared.page.getByRole('button', { name: /^waiting/ }).getAttribute('aria-pressed')).toBe('true');
    await shared.page.getByRole('button', { name: 'Take away team=red pandas' }).click();
    await rowsBecome(shared.page, ['ask bob', 'ask ann']);
    await shared.page.getByLabel('Text in goal or id').fill('nobody asks this');
    await shared.page.getByText('No workflow matches. 3 workflows hidden by the filters.').waitFor();
    await shared.page.getByRole('button', { name: 'Clear the filters' }).click();
    await rowsBecome(shared.page, ['ask bob', 'ask ann', 'Analyse Nimbus Robotics']);
    expect([...complaints, ...shared.complaints]).toEqual([]);
    await Promise.all([page.close(), shared.page.close()]);
  });

  it('is walked through, chosen from and opened by keyboard, and acts on all that match', async () => {
    const { page, complaints, accessibility } = await browser.open(`${stack.url}/workflows?status=waiting`);
    await rowsBecome(page, ['ask bob', 'ask ann']);
    // What may be chosen is known when the role is, which is read beside the rows.
    await page.getByText('Choose rows (x)').waitFor();
    for (const key of ['j', 'x', 'j', 'x', 'k']) await page.keyboard.press(key);
    await page.getByText('2 chosen workflows').waitFor();
    expect(await page.getByRole('row', { selected: true }).getByRole('link').first().innerText()).toBe('ask bob');
    expect(await accessibility()).toEqual([]);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${stack.url}/workflows/bob`);

    await page.goto(`${stack.url}/workflows?q=ask`);
    await page.getByLabel('all that match').check();
    await page.getByRole('button', { name: 'Pause…', exact: true }).click();
    await page.getByRole('dialog').getByLabel('Reason').fill('a quiet hour');
    await page.getByRole('dialog').getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByRole('dialog').getByText('2 workflows done, 0 refused.').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Close', exact: true }).last().click();
    await page.getByText('Paused: a quiet hour. Resume it to go on.').nth(1).waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('draws of five thousand rows only those in sight, and goes to any of them', async () => {
    const { page, complaints } = await browser.open(`${stack.url}/connect`);
    await serveList(page, 5_000);
    await page.goto(`${stack.url}/workflows`);
    await page.getByRole('link', { name: 'task 5000', exact: true }).waitFor();
    for (let rows = 1_000; rows < 5_000; rows += 1_000) {
      await page.getByRole('button', { name: 'Show more' }).click();
      await page.locator(`table[aria-rowcount="${rows + 1_001}"]`).waitFor();
    }
    expect(await page.getByRole('row').count()).toBeLessThan(120);
    await page.getByRole('link', { name: 'task 1', exact: true }).waitFor({ state: 'detached' });
    await until(async () => {
      await page.keyboard.press('End');
      return page.getByRole('link', { name: 'task 1', exact: true }).isVisible();
    }, 10_000);
    // The keyboard begins at the first row, which is brought into sight.
    await page.keyboard.press('j');
    await page.getByRole('row', { selected: true }).getByRole('link', { name: 'task 5000', exact: true }).waitFor();
    await until(async () => {
      const box = await page.getByRole('link', { name: 'task 5000', exact: true }).boundingBox();
      return box !== null && box.y > 0 && box.y + box.height < DESK.height;
    }, 10_000);
    expect(complaints).toEqual([]);
    await page.close();
  });
});

const goalsOf = (page: Page): Promise<string[]> => page.getByRole('region', { name: 'Workflows' }).locator('tbody a[href^="/workflows/"]').allInnerTexts();

const rowsBecome = (page: Page, goals: string[]): Promise<void> => until(async () => JSON.stringify(await goalsOf(page)) === JSON.stringify(goals), 15_000, () => `the rows are not ${goals.join(', ')}`);

/** Answers the reading of the list with so many workflows, a thousand a page; everything else of the page is the stack's. */
async function serveList(page: Page, count: number): Promise<void> {
  const item = (number: number): Workflow => ({ workflowId: `w-${number}`, tenant: 'default', status: 'completed', goal: `task ${number}`, template: null, labels: {}, createdAt: new Date(number * 1_000).toISOString(), startedAt: null, finishedAt: new Date(number * 1_000 + 500).toISOString(), steps: { done: 1, total: 1 }, budget: { limitTokens: null, usedTokens: 0, heldTokens: 0, limitNanoUsd: null, usedNanoUsd: 0, heldNanoUsd: 0 }, result: null, failure: null, traceId: null, waitingFor: null });
  await page.route(/\/api\/v1\/workflows(\?|$)/, (route) => {
    const from = Number(new URL(route.request().url()).searchParams.get('cursor') ?? count);
    const items = Array.from({ length: Math.min(1_000, from) }, (_, index) => item(from - index));
    const body: ListPage<Workflow> = { items, nextCursor: from > 1_000 ? String(from - 1_000) : null };
    return route.fulfill({ json: body });
  });
}
