import { setImmediate } from 'node:timers/promises';
import { FRAME, type Frame } from '../frames.js';
import { MAX_DETAIL_LENGTH, type CallHeader, type EndOfCall } from './messages.js';
import { readFrame, writeFrame } from './pipe.js';
import { probe } from './probe.js';
import { runCall } from './run-call.js';

/**
 * A sandbox process: reads a call, runs it on a fresh plugin instance, answers, waits for the next. It holds no secret,
 * no environment and no descriptor but its pipe, and it trusts nothing of what it runs; the pool owns its time.
 */
const MAX_MODULES = 32;
/** Dead plugin memories are collected after this much, between calls, where nobody waits for it. */
const COLLECT_AFTER_BYTES = 48 * 1_048_576;
let deadBytes = 0;
const modules = new Map<string, WebAssembly.Module | Error>();

// Ctrl-C reaches the whole process group. Slots end with their pool, not before it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

// Extism complains on the console about bad addresses; a plugin must not be able to fill a log with that.
for (const level of ['error', 'warn', 'info', 'debug', 'log', 'trace'] as const) console[level] = () => undefined;

void serve();

async function serve(): Promise<never> {
  await warmUp();
  writeFrame(FRAME.ready, {});
  for (;;) {
    const frame = readFrame();
    if (frame.type === FRAME.module) keepModule(digestOf(frame), frame.payload);
    else if (frame.type === FRAME.call) await answer(frame);
    else if (frame.type === FRAME.probe) writeFrame(FRAME.probed, await probe(frame.header));
    // One turn of the event loop, for what V8 wants done between calls.
    await setImmediate();
  }
}

/** (module (func (export "run"))): what V8, Node and Extism load for a first call is then loaded before it comes. */
const SMALLEST_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 7, 7, 1, 3, 0x72, 0x75, 0x6e, 0, 0, 10, 4, 1, 2, 0, 0x0b);
const WARM_UP_CALLS = 3;

async function warmUp(): Promise<void> {
  const call: CallHeader = { nonce: '', digest: '', tool: 'warm-up', entry: 'run', memoryBytes: 65_536, outputBytes: 1024, hostCalls: 0, nowMs: 0 };
  for (let count = 0; count < WARM_UP_CALLS; count += 1) await runCall(new WebAssembly.Module(SMALLEST_MODULE), call, Uint8Array.of(0x7b, 0x7d));
}

function keepModule(digest: string, bytes: Uint8Array): void {
  if (modules.size >= MAX_MODULES) {
    const oldest = modules.keys().next();
    if (!oldest.done) modules.delete(oldest.value);
  }
  try {
    modules.set(digest, new WebAssembly.Module(new Uint8Array(bytes)));
  } catch (error) {
    modules.set(digest, error instanceof Error ? error : new Error(String(error)));
  }
}

async function answer(frame: Frame): Promise<void> {
  // The pool wrote this header; the cast is the parsing of our own protocol.
  const call = frame.header as CallHeader;
  const module = modules.get(call.digest);
  if (module instanceof WebAssembly.Module) {
    const { header, output } = await runCall(module, call, new Uint8Array(frame.payload));
    writeFrame(FRAME.done, { ...header, nonce: call.nonce } satisfies EndOfCall, output);
    collect(header.peakMemoryBytes);
    return;
  }
  const message = `Tool ${call.tool} is not a valid module: ${module instanceof Error ? module.message.slice(0, MAX_DETAIL_LENGTH) : 'its bytes did not arrive'}.`;
  writeFrame(FRAME.done, { nonce: call.nonce, failure: { code: 'tool_refused', message, detail: { rule: 'validation' } }, wallMs: 0, cpuMs: 0, peakMemoryBytes: 0 } satisfies EndOfCall);
}

function collect(bytes: number): void {
  deadBytes += bytes;
  if (deadBytes < COLLECT_AFTER_BYTES) return;
  deadBytes = 0;
  globalThis.gc?.();
}

function digestOf(frame: Frame): string {
  return (frame.header as { digest: string }).digest;
}
