import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import { expect } from '@jest/globals';
import { FAILURE_CODES, Failure, SandboxFigures } from '@trivet/contracts';
import { residentBytes } from '../../src/sandbox/process-figures.js';
import type { SandboxResult } from '../../src/sandbox/result.js';

const MIB = 1_048_576;
/** Bounds that only catch what hangs or leaks; the tests run beside others on a busy machine. */
const MOST_BLOCKED_MS = 5000;
const MOST_GROWTH_MIB = 500;
const MOST_MESSAGE = 10_000;
/** Everything a tool can come to by its own doing. `internal` is not among it: that would be a defect of ours. */
const CODES_OF_TOOLS = FAILURE_CODES.filter((code) => code.startsWith('tool_'));

/** Watches this process while hostile things are done to it. */
export class Witness {
  private readonly delay: IntervalHistogram = monitorEventLoopDelay({ resolution: 20 });
  private readonly restingBytes = residentBytes(process.pid) ?? 0;

  constructor() {
    this.delay.enable();
  }

  /** Fails when this process was blocked, or has grown, beyond what is bearable. */
  check(): void {
    this.delay.disable();
    expect(this.delay.max / 1e6).toBeLessThan(MOST_BLOCKED_MS);
    expect(((residentBytes(process.pid) ?? 0) - this.restingBytes) / MIB).toBeLessThan(MOST_GROWTH_MIB);
    expect(Object.keys(Object.prototype)).toEqual([]);
  }
}

/** A result that every consumer can read: of the contract's form, with a code that tools may have, and of bounded size. */
export function expectTyped(result: SandboxResult): void {
  expect(SandboxFigures.safeParse(JSON.parse(JSON.stringify(result.sandbox))).success).toBe(true);
  if (result.outcome === 'completed') return;
  const { failure } = result;
  expect(Failure.safeParse(JSON.parse(JSON.stringify(failure))).success).toBe(true);
  expect(CODES_OF_TOOLS).toContain(failure.code);
  expect(JSON.stringify(failure).length).toBeLessThan(MOST_MESSAGE);
}

/** What a promise comes to, or an error when it has not after this many ms: a call that never ends is the worst of all. */
export async function within<T>(ms: number, promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => (timer = setTimeout(() => reject(new Error(`${what} had no result after ${ms} ms`)), ms)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
