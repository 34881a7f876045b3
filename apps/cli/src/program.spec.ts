import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { EXIT } from './exit-codes.js';
import { runProgram } from './program.js';

/** Nobody listens on port 1, so that whatever is let through ends with exit code 4. */
async function trivet(...args: string[]): Promise<{ code: number; output: string; errors: string }> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const code = await runProgram(['--url', 'http://127.0.0.1:1', ...args], { environment: {}, stdout, stderr });
  return { code, output: String(stdout.read() ?? ''), errors: String(stderr.read() ?? '') };
}

describe('numbers that cannot be meant', () => {
  it.each([
    [['workflows', 'ls', '--limit', 'x'], "--limit must be a whole number from 1 to 200, not 'x'"],
    [['audit', 'tail', '--limit', 'x'], "--limit must be a whole number from 1 to 200, not 'x'"],
    [['workflows', 'events', 'w', '--after', 'x'], "--after must be a whole number from 0, not 'x'"],
    [['budgets', 'set', 'tenant/a', '--usd', '0.0000000001'], '--usd 0.0000000001 is less than the smallest unit, 1 nano-USD (0.000000001 USD)'],
    [['run', 'x', '--budget-usd', '1e-10'], '--budget-usd 1e-10 is less than the smallest unit'],
  ])('%j is refused with the value', async (args, message) => {
    const { code, errors } = await trivet(...args);
    expect(errors).toContain(message);
    expect(code).toBe(2);
  });

  it('are told from those that can', async () => {
    expect((await trivet('workflows', 'ls', '--limit', '5')).code).toBe(4);
    expect((await trivet('budgets', 'set', 'tenant/a', '--usd', '0.000000001')).code).toBe(4);
  });
});

describe('--help', () => {
  it('lists every exit code', async () => {
    const { code, output } = await trivet('--help');
    expect(code).toBe(0);
    const listed = output.slice(output.indexOf('Exit codes:')).trimEnd().split('\n').slice(1).map((line) => Number.parseInt(line, 10));
    expect(listed).toEqual(Object.values(EXIT));
  });
});

describe('run --plan', () => {
  it('says in its error what its help says', async () => {
    const rule = 'JSON, or the name of a file with JSON';
    const help = (await trivet('run', '--help')).output.replaceAll(/\s+/g, ' ');
    expect(help).toContain(`the steps themselves: ${rule}`);
    for (const plan of ['{"steps":', '[1', 'nowhere.json']) {
      const { code, errors } = await trivet('run', 'x', '--plan', plan);
      expect(errors).toContain(`--plan must be ${rule}: `);
      expect(code).toBe(2);
    }
  });

  it('takes both', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'trivet-plan-'));
    const file = join(dir, 'plan.json');
    writeFileSync(file, '{"steps":[]}');
    for (const plan of ['{"steps":[]}', file, `@${file}`]) expect((await trivet('run', 'x', '--plan', plan)).code).toBe(4);
    rmSync(dir, { recursive: true });
  });
});
