import { execFile, spawn, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { connectBus, type Bus } from '@trivet/bus';
import type { Page as ListPage, Workflow } from '@trivet/contracts';
import { startStack, until, type Stack } from '@trivet/testing';
import type { Page } from 'playwright-core';
import { browserProgram, startBrowser, type Browser, type WatchedPage } from './browser.js';

const program = browserProgram();
if (!program) console.warn('The snippets of the dashboard are not run: there is no Chromium here (Debian package: chromium).');
const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython) console.warn('The Python snippets of the dashboard are not run: there is no python3 here.');

/** How the text of a snippet is run, by the name on its button. */
const RUNNERS: Record<string, (text: string) => [string, string[]]> = {
  curl: (text) => ['sh', ['-c', text]],
  Python: (text) => ['python3', ['-c', text]],
  Node: (text) => [process.execPath, ['--input-type=module', '-e', text]],
};
const WITHIN_MS = 30_000;

(program ? describe : describe.skip)('snippets of the dashboard, read from its pages and run as they stand', () => {
  let stack: Stack;
  let browser: Browser;
  let connect: WatchedPage;
  const goals = async (): Promise<string[]> => (await stack.get<ListPage<Workflow>>('/api/v1/workflows')).items.map(({ goal }) => goal);

  beforeAll(async () => {
    stack = await startStack();
    // All snippets at once may starve the stack for a moment, which /readyz then says to the dot in the head.
    browser = await startBrowser(program ?? '', [503]);
    connect = await browser.open(`${stack.url}/connect`);
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });

  it('the line of the empty list makes a workflow', async () => {
    const { page, complaints } = await browser.open(`${stack.url}/workflows`);
    await page.getByText('Nothing was submitted yet.').waitFor();
    const line = await page.getByLabel('A task', { exact: true }).innerText();
    expect(JSON.parse(await run('curl', line))).toMatchObject({ status: 'completed', template: 'research' });
    await page.getByRole('row').filter({ hasText: 'Analyse Nimbus Robotics' }).waitFor();
    expect({ complaints, goals: await goals() }).toEqual({ complaints: [], goals: ['Analyse Nimbus Robotics'] });
    await page.close();
  });

  it('each line that submits a task, or speaks as an agent or a client of OpenAI, gets its answer', async () => {
    const asked = here([
      ['Submit from', 'curl', 'curl', /"status":"completed"/],
      ['Submit from', 'Python', 'Python', /'status': 'completed'/],
      ['Submit from', 'Node', 'Node', /workflow\.completed[\s\S]*## Overview/],
      ['Submit from', 'Node, plain', 'Node', /status: 'completed'/],
      ['Submit from', 'Node over NATS', 'Node', /duplicate: false/],
      ['Connect', 'MCP by curl', 'curl', /submit_task/],
      ['Connect', 'OpenAI by curl', 'curl', /"object":"chat\.completion".*Nimbus/],
      ['Connect', 'OpenAI SDK, Node', 'Node', /Nimbus/],
    ]);
    const texts: string[] = [];
    for (const [label, name] of asked) texts.push(await snippetOf(connect.page, label, name));
    const answers = await Promise.all(asked.map(([, , runner], index) => run(runner, texts[index] ?? '')));
    for (const [index, [label, name, , expected]] of asked.entries()) expect(`${label} ${name}: ${answers[index]}`).toMatch(expected);
  });

  it('each line that follows what happens sees a workflow end', async () => {
    const readers: ReturnType<typeof startReader>[] = [];
    for (const [label, name, runner] of here([['Follow from', 'curl', 'curl'], ['Follow from', 'Python', 'Python'], ['Follow from', 'Node', 'Node']])) readers.push(startReader(runner, await snippetOf(connect.page, label, name)));
    try {
      // Facts are read from now on, so tasks are handed in until all readers are there.
      await until(async () => {
        await stack.submit({ goal: 'add', plan: { steps: [{ id: 'sum', kind: 'tool', tool: 'calculator', input: { expression: '1 + 1' } }] } }, { query: '?wait=10s' });
        return readers.every(({ seen }) => seen().includes('event: workflow.completed'));
      }, WITHIN_MS, () => JSON.stringify(readers.map(({ seen }) => seen())));
    } finally {
      for (const { stop } of readers) stop();
    }
  });

  it('the lines for the nats tool name the bus, subjects and bodies that make a workflow each', async () => {
    const lines = (await snippetOf(connect.page, 'Submit from', 'nats')).replaceAll('\\\n', ' ').split('\n').filter((line) => line.startsWith('nats '));
    const asked = lines.map((line) => /^nats -s (\S+) req (\S+) .*?'(.+)'$/.exec(line)).map((found) => ({ server: found?.[1] ?? '', subject: found?.[2] ?? '', body: JSON.parse(found?.[3] ?? 'null') as unknown }));
    expect(asked).toHaveLength(2);
    const bus: Bus = await connectBus({ url: asked[0]?.server ?? '', name: 'another-system' });
    const before = (await goals()).length;
    for (const { subject, body } of asked) await bus.request(subject, body);
    await until(async () => (await goals()).length === before + 2, WITHIN_MS);
    await bus.close();
  });

  it('shows the schema of a subject when asked, finds routes, and nothing on the page complained', async () => {
    const { page, complaints, accessibility, screenshot } = connect;
    await page.getByRole('button', { name: /^Schema of trivet\.v1\.event/ }).click();
    await page.getByRole('dialog').getByLabel('Message').selectOption('EventBudgetThreshold');
    await page.getByRole('dialog').getByLabel('Schema of EventBudgetThreshold').getByText('"type": "object"').first().waitFor();
    await page.keyboard.press('Escape');
    await page.getByLabel('Find a route').fill('bulk');
    await page.getByRole('region', { name: 'Routes' }).getByText('/api/v1/workflows/bulk').first().waitFor();
    expect(await page.getByRole('region', { name: 'Routes' }).getByRole('row').count()).toBe(2);
    expect(new URL(page.url()).searchParams.get('route')).toBe('bulk');
    await screenshot('connect-route');
    expect({ complaints, findings: await accessibility() }).toEqual({ complaints: [], findings: [] });
  });
});

async function snippetOf(page: Page, label: string, name: string): Promise<string> {
  await page.getByRole('group', { name: label, exact: true }).getByRole('button', { name, exact: true }).click();
  return page.getByLabel(`${label} ${name}`, { exact: true }).innerText();
}

function commandOf(runner: string, text: string): [string, string[]] {
  const command = RUNNERS[runner];
  if (!command) throw new RangeError(`Nothing runs ${runner}.`);
  return command(text);
}

/** Those that this machine can run. */
const here = <Asked extends [string, string, string, ...unknown[]]>(asked: Asked[]): Asked[] => asked.filter(([, , runner]) => runner !== 'Python' || hasPython);

/** Starts what does not end by itself, in a group of its own. */
function startReader(runner: string, text: string): { seen: () => string; stop: () => void } {
  const [command, args] = commandOf(runner, text);
  const reader = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  let seen = '';
  reader.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
  return { seen: () => seen, stop: () => void (reader.pid && process.kill(-reader.pid, 'SIGKILL')) };
}

async function run(runner: string, text: string): Promise<string> {
  const [command, args] = commandOf(runner, text);
  return (await promisify(execFile)(command, args, { timeout: WITHIN_MS })).stdout;
}
