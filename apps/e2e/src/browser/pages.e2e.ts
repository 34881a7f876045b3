import { startStack, type Stack } from '@trivet/testing';
import { DESK, PHONE, browserProgram, startBrowser, type Browser } from './browser.js';

const PAGES = ['', 'workflows', 'workers', 'budgets', 'tools', 'prompts', 'approvals', 'schedules', 'audit', 'connect'];
const SIZES = { desk: DESK, phone: PHONE };
const CASES = PAGES.flatMap((path) => Object.entries(SIZES).map(([name, size]) => ({ path, name, size })));

const program = browserProgram();
if (!program) console.warn('The pages of the dashboard are not tested: there is no Chromium here (Debian package: chromium).');

(program ? describe : describe.skip)('every page of the dashboard, with nothing there yet', () => {
  let stack: Stack;
  let browser: Browser;
  beforeAll(async () => {
    stack = await startStack();
    browser = await startBrowser(program ?? '');
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });

  it.each(CASES)('opens /$path on a $name without a complaint', async ({ path, name, size }) => {
    const { page, complaints, accessibility, screenshot } = await browser.open(`${stack.url}/${path}`, size);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForLoadState('load');
    expect(await page.locator('nav a').count()).toBe(PAGES.length);
    await screenshot(`empty-${path || 'overview'}-${name}`);
    expect({ complaints, accessibility: await accessibility() }).toEqual({ complaints: [], accessibility: [] });
    expect(await page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth')).toBe(true);
    await page.close();
  });
});
