import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';

/** Debian's name first, then those of other systems. */
const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];

/** The browser of this machine; undefined when it has none, and then the tests that need it say why they are skipped. */
export const browserProgram = (): string | undefined => PROGRAMS.find((program) => existsSync(program));

/** Nothing of the browser's own goes out: no updates, no sync, no lookups. */
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** Where screenshots are kept for whoever wants to look; not committed. */
export const SCREENSHOTS = path.resolve('.cache/screenshots');

/** A page, and what went wrong on it. */
export interface WatchedPage {
  page: Page;
  /** Errors of the console and of scripts, and requests to anywhere but the stack, in their order. Empty is how it should be. */
  complaints: string[];
  /** Findings of axe-core (WCAG 2.2 A and AA) as `rule: element`. */
  accessibility: () => Promise<string[]>;
  screenshot: (name: string) => Promise<void>;
}

export interface Browser {
  open: (url: string, size?: { width: number; height: number }) => Promise<WatchedPage>;
  close: () => Promise<void>;
}

export const DESK = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

/** Starts the browser with an empty profile. `allowed`: statuses of failed requests that a test provokes on purpose. */
export async function startBrowser(program: string, allowed: readonly number[] = []): Promise<Browser> {
  const profile = mkdtempSync(path.join(tmpdir(), 'trivet-browser-'));
  const context = await chromium.launchPersistentContext(profile, { executablePath: program, headless: true, args: FLAGS, viewport: DESK });
  return {
    open: (url, size = DESK) => openPage(context, url, size, allowed),
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

async function openPage(context: BrowserContext, url: string, size: { width: number; height: number }, allowed: readonly number[]): Promise<WatchedPage> {
  const page = await context.newPage();
  await page.setViewportSize(size);
  const complaints: string[] = [];
  const provoked = (text: string) => allowed.some((status) => text.includes(`status of ${status}`));
  page.on('console', (line) => {
    if (line.type() === 'error' && !provoked(line.text())) complaints.push(`console: ${line.text()} (${line.location().url})`);
  });
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(new URL(url).origin) && !request.url().startsWith('data:') && !request.url().startsWith('blob:')) complaints.push(`outside request: ${request.url()}`);
  });
  await page.goto(url);
  return { page, complaints, accessibility: () => axeFindings(page), screenshot: (name) => keepScreenshot(page, name) };
}

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Runs axe-core in the page. The page's own policy forbids foreign scripts, so it goes in by the debugger, not by a script element. */
async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(AXE, 'utf8'));
  const findings: unknown = await page.evaluate("axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then(({ violations }) => violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')} ${node.failureSummary ?? ''}`)))");
  return Array.isArray(findings) ? findings.map(String) : [];
}

async function keepScreenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), fullPage: true });
}
