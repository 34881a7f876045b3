import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack, type Stack } from '@trivet/testing';
import { launch } from '../testing/launched.js';

/** From nothing to a call through a workflow, as a tool's author goes. */
describe('trivet tools', () => {
  let stack: Stack;
  let folder: string;
  beforeAll(async () => {
    stack = await startStack({ without: ['model'] });
    folder = mkdtempSync(join(tmpdir(), 'trivet-tools-'));
  });
  afterAll(async () => {
    await stack.stop();
    rmSync(folder, { recursive: true });
  });

  async function tools(...args: string[]): Promise<{ code: number | string; output: string; errors: string }> {
    const trivet = launch(['tools', ...args], { TRIVET_URL: stack.url });
    return { code: await trivet.ended, output: trivet.output(), errors: trivet.errors() };
  }

  it.each([['ts'], ['as']])('make, test, add and try one (%s)', async (language) => {
    const path = join(folder, `shout-${language}`);
    const name = `shout_${language}`;
    // The folder is named by its path, the tool by the last part of it.
    expect(await tools('new', path, '--language', language)).toMatchObject({ code: 0 });
    writeFileSync(join(path, 'tool.json'), readFileSync(join(path, 'tool.json'), 'utf8').replace(/"name": "[^"]+"/, `"name": "${name}"`));
    expect(await tools('test', path)).toMatchObject({ code: 0, output: expect.stringContaining(`${name}: 2 passed, 0 failed`) });
    expect(await tools('add', path)).toMatchObject({ code: 0, output: expect.stringContaining(`${name} 1.0.0 is there`) });
    expect(await tools('try', name, '{"text":"quote \\" 你好 🌍"}')).toMatchObject({ code: 0, output: expect.stringContaining('QUOTE \\" 你好 🌍') });
    expect(await tools('disable', name)).toMatchObject({ code: 0 });
    expect(await tools('try', name, '{"text":"x"}')).toMatchObject({ code: 2 });
    expect(await tools('rm', name)).toMatchObject({ code: 0 });
  });

  it('says what is wrong, at home and at the door', async () => {
    const path = join(folder, 'wrong');
    await tools('new', path);
    writeFileSync(join(path, 'cases.json'), JSON.stringify([{ name: 'a lie', input: { text: 'a' }, output: { shouted: 'B', length: 1 } }]));
    expect(await tools('test', path)).toMatchObject({ code: 1, output: expect.stringContaining('failed   a lie: gave {"shouted":"A","length":1}') });
    expect(await tools('add', path)).toMatchObject({ code: 2, errors: expect.stringContaining('a lie') });
    writeFileSync(join(path, 'tool.ts'), 'export function run( { return 1; }');
    expect(await tools('build', path)).toMatchObject({ code: 1, errors: expect.stringMatching(/tool\.ts:1:\d+/) });
    expect(await tools('new', path)).toMatchObject({ code: 2 });
    expect(await tools('try', 'calculator', 'not json')).toMatchObject({ code: 2, errors: expect.stringContaining('must be JSON') });
    expect(await tools('get', 'nobody')).toMatchObject({ code: 3 });
  });
});
