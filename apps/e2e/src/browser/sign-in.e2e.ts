import type { ApiKeyBody, ApiKeyWithSecret } from '@trivet/contracts';
import { startStack, type Stack } from '@trivet/testing';
import type { Page } from 'playwright-core';
import { browserProgram, startBrowser, type Browser } from './browser.js';

const program = browserProgram();
/** What is refused here on purpose: no key, a wrong one, more than the role may do. */
const REFUSED = [401, 403];

(program ? describe : describe.skip)('a dashboard that wants a key', () => {
  let stack: Stack;
  let browser: Browser;
  let operator = '';
  let reader: ApiKeyWithSecret;
  const authorized = (): Record<string, string> => (operator ? { Authorization: `Bearer ${operator}` } : {});
  const make = async (body: ApiKeyBody): Promise<ApiKeyWithSecret> =>
    (await (await fetch(`${stack.url}/api/v1/keys`, { method: 'POST', headers: { 'Content-Type': 'application/json', ...authorized() }, body: JSON.stringify(body) })).json()) as ApiKeyWithSecret;
  const signIn = async (page: Page, key: string): Promise<void> => {
    await page.getByLabel('API key').fill(key);
    await page.getByRole('button', { name: 'Sign in' }).click();
  };

  beforeAll(async () => {
    stack = await startStack();
    browser = await startBrowser(program ?? '', REFUSED);
    await stack.submit({ goal: 'ask a person', workflowId: 'asks', plan: { steps: [{ id: 'ask', kind: 'approval', input: { question: 'Go on?' } }] } });
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });

  it('asks for one as soon as there is one, also of a page that is open', async () => {
    const { page, complaints, accessibility, screenshot } = await browser.open(`${stack.url}/workflows`);
    await page.getByText('Step ask waits for a decision: Go on?').waitFor();
    await page.getByText('no keys configured').waitFor();
    operator = (await make({ name: 'root', role: 'admin' })).secret;
    reader = await make({ name: 'watcher', role: 'read' });
    await page.getByLabel('API key').waitFor({ timeout: 30_000 });
    expect(await accessibility()).toEqual([]);
    await screenshot('sign-in');
    await signIn(page, 'trv_wrong');
    await page.getByText('The API key is not known').waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('shows a reader everything and lets it change nothing, whatever its page sends', async () => {
    const { page, complaints, screenshot } = await browser.open(`${stack.url}/workflows/asks`);
    await signIn(page, reader.secret);
    await page.getByText('default · read only').waitFor();
    await page.getByText('Go on?').first().waitFor();
    await screenshot('workflow-read-only');
    for (const address of ['/workflows/asks', '/workflows', '/approvals', '/schedules', '/budgets', '/tools', '/prompts', '/workers?tab=dead']) {
      await page.goto(`${stack.url}${address}`);
      await page.getByText('default · read only').waitFor();
      await page.getByRole('heading', { level: 1 }).waitFor();
      for (const name of [/^Submit/, /^Cancel/, /^Pause/, /^Approve/, /^Deny/, /^Fork/, /^Budget…/, /^New /, /^Upload/, /^Requeue/, /^Discard/]) expect(await page.getByRole('main').getByRole('button', { name }).count()).toBe(0);
    }
    const refused: unknown = await page.evaluate("fetch('/api/v1/workflows/asks/cancel', { method: 'POST' }).then((answer) => answer.status)");
    expect(refused).toBe(403);
    const seen: unknown = await page.evaluate("JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }])");
    expect(seen).not.toContain('trv_');
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('goes back to the question when one signs out, or the key is revoked', async () => {
    const { page, complaints } = await browser.open(`${stack.url}/`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await signIn(page, operator);
    await page.getByText('default · administrator').waitFor();
    await page.getByRole('button', { name: 'Submit a task' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await signIn(page, reader.secret);
    await page.getByText('default · read only').waitFor();
    expect((await fetch(`${stack.url}/api/v1/keys/${reader.id}`, { method: 'DELETE', headers: authorized() })).status).toBe(204);
    await page.getByLabel('API key').waitFor({ timeout: 30_000 });
    expect(complaints).toEqual([]);
    await page.close();
  });
});
