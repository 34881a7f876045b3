import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CliContext } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { freePort } from '../launcher/free-port.js';
import { startLocalStack, type LocalStackOptions } from '../launcher/local-stack.js';
import type { Stack } from '../launcher/stack.js';
import { stopOnSignals } from './interrupt.js';

export const DEMO_TASK = { goal: 'Analyse Nimbus Robotics', template: 'research', budget: { tokens: 20_000 } };

/** Runs a stack for the length of `work`, on free ports and in a temporary folder; Ctrl-C ends both. */
export async function withDemoStack(context: CliContext, options: Pick<LocalStackOptions, 'layout' | 'verbose' | 'crashAt' | 'onRestart'>, work: (stack: Stack, signal: AbortSignal) => Promise<number>): Promise<number> {
  const dataDir = mkdtempSync(join(tmpdir(), 'trivet-demo-'));
  const signals = stopOnSignals();
  let code: number = EXIT.failed;
  let stack: Stack | undefined;
  try {
    // Brokers of the demo's own, whatever the environment names: it must not touch a running stack's data.
    const config = { ...context.config, natsUrl: undefined, redisUrl: undefined };
    stack = await startLocalStack({ ...options, config, environment: context.environment, dataDir, httpPort: await freePort(), showErrors: false, say: context.note, signal: signals.signal });
    code = await work(stack, signals.signal);
  } catch (error) {
    if (!signals.signal.aborted) throw error;
  } finally {
    await stack?.stop();
    signals.release();
    if (signals.signal.aborted) code = EXIT.interrupted;
    if (code === EXIT.ok || code === EXIT.interrupted) rmSync(dataDir, { recursive: true, force: true });
    else context.note(`the logs are kept in ${join(dataDir, 'logs')}`);
  }
  return code;
}
