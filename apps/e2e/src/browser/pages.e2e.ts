import { startStack, type Stack } from '@trivet/testing';
import { DESK, PHONE, browserProgram, startBrowser, type Browser } from './browser.js';

const PAGES = ['', 'workflows', 'workers', 'budgets', 'tools', 'prompts', 'approvals', 'schedules', 'audit', 'connect'];
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

  it.each(PAGES)('opens /%s at a desk and on a phone without a complaint', async (address) => {
    const { page, complaints, accessibility, screenshot } = await browser.open(`${stack.url}/${address}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(await page.locator('nav a').count()).toBe(PAGES.length);
    for (const [name, size] of Object.entries({ desk: DESK, phone: PHONE })) {
      await page.setViewportSize(size);
      await screenshot(`empty-${address || 'overview'}-${name}`);
      const fits = await page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth');
      expect({ complaints, findings: await accessibility(), fits }).toEqual({ complaints: [], findings: [], fits: true });
    }
    await page.close();
  });

  it('loads at most 130 KB of compressed scripts before the first page is there', async () => {
    const document = await (await fetch(`${stack.url}/`)).text();
    const scripts = [...document.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map(([, address]) => address ?? '');
    const sizes = await Promise.all(scripts.map(async (address) => Number((await fetch(stack.url + address, { headers: { 'Accept-Encoding': 'gzip' } })).headers.get('content-length'))));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThanOrEqual(130 * 1024);
  });
});
