import { PassThrough } from 'node:stream';
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
