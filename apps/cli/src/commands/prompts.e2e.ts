import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack, type Stack } from '@trivet/testing';
import { launch } from '../testing/launched.js';

const file = (greeting: string, more = ''): string => `---\nname: greet\n${more}description: Greets somebody.\ninput:\n  type: object\n  properties: { name: { type: string } }\n  required: [name]\n---\nBe kind.\n---user---\n${greeting} {{name}}.\n`;

/** A prompt as its author goes: written, kept, looked at, moved, compared; and what it cost afterwards. */
describe('trivet prompts', () => {
  let stack: Stack;
  let folder: string;
  beforeAll(async () => {
    stack = await startStack();
    folder = mkdtempSync(join(tmpdir(), 'trivet-prompts-'));
  });
  afterAll(async () => {
    await stack.stop();
    rmSync(folder, { recursive: true });
  });

  async function trivet(...args: string[]): Promise<{ code: number | string; output: string; errors: string }> {
    const child = launch(args, { TRIVET_URL: stack.url });
    return { code: await child.ended, output: child.output(), errors: child.errors() };
  }

  it('keep, list, show, preview, label and compare versions', async () => {
    const path = join(folder, 'greet.md');
    writeFileSync(path, file('Hello'));
    expect(await trivet('prompts', 'add', path)).toMatchObject({ code: 0, output: expect.stringContaining('greet has version 1 (latest)') });
    expect(await trivet('prompts', 'add', path)).toMatchObject({ code: 0, output: expect.stringContaining('greet has version 1 (latest)') });
    writeFileSync(path, file('Bye', 'version: 2\n'));
    expect(await trivet('prompts', 'add', path)).toMatchObject({ code: 0, output: expect.stringContaining('greet has version 2') });
    expect(await trivet('prompts', 'label', 'greet', 'production', '1')).toMatchObject({ code: 0, output: expect.stringContaining('greet@production is version 1') });
    expect((await trivet('prompts', 'ls')).output).toMatch(/greet\s+1\s+production\s/);
    expect((await trivet('prompts', 'versions', 'greet', '-o', 'json')).output).toContain('"version": 2');
    expect((await trivet('prompts', 'get', 'greet@2')).output).toContain('Bye {{name}}.');
    expect((await trivet('prompts', 'preview', 'greet', '--variables', '{"name":"Ada 👋"}')).output).toMatch(/greet@1, about \d+ tokens[\s\S]*--- system\nBe kind\.[\s\S]*Hello Ada 👋\./);
    expect((await trivet('prompts', 'diff', 'greet', '1')).output).toContain('--- user of greet@1\n+++ user of greet@2\n-Hello {{name}}.\n+Bye {{name}}.');
    expect(await trivet('prompts', 'unlabel', 'greet', 'production')).toMatchObject({ code: 0 });
  });

  it('say what is wrong', async () => {
    const path = join(folder, 'bad.md');
    writeFileSync(path, file('{{> other}} {{nobody}}').replace('name: greet', 'name: bad'));
    expect(await trivet('prompts', 'add', path)).toMatchObject({ code: 2, errors: expect.stringContaining('{{nobody}}, which is not among its variables: name') });
    expect(await trivet('prompts', 'add', join(folder, 'gone.md'))).toMatchObject({ code: 2, errors: expect.stringContaining('cannot be read') });
    expect(await trivet('prompts', 'get', 'gone')).toMatchObject({ code: 3 });
    expect(await trivet('prompts', 'preview', 'greet', '--variables', '{"nam":1}')).toMatchObject({ code: 2, errors: expect.stringContaining("'name' is missing") });
    expect(await trivet('prompts', 'preview', 'greet', '--variables', 'nothing')).toMatchObject({ code: 2, errors: expect.stringContaining('must be a JSON object') });
    expect(await trivet('prompts', 'label', 'greet', 'production', '77')).toMatchObject({ code: 3 });
  });

  it('and budgets reconcile shows what went to whom, and that the ledger says the same', async () => {
    await stack.submit({ goal: 'x', workflowId: 'w', plan: { steps: [{ id: 'm', kind: 'model', input: { prompt: 'summarise', variables: { text: 'Nimbus makes robots. They sort parcels. The company grows. It was founded in a garage.' } } }] } });
    await stack.ended('w');
    const { code, output } = await trivet('budgets', 'reconcile');
    expect(code).toBe(0);
    expect(output).toMatch(/local\s+local\/extractive/);
    expect(output).toContain('the ledger says the same; 0 charges without');
    expect(await trivet('budgets', 'reconcile', 'soon')).toMatchObject({ code: 2 });
  });
});
