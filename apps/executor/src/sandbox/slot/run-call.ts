import { createPlugin, type Plugin, type PluginOutput } from '@extism/extism';
import { CallState, mib } from './call-state.js';
import { classify, type InstanceFigures } from './classify.js';
import { hostFunctions } from './host-functions.js';
import type { CallHeader, DoneHeader, SlotFailure } from './messages.js';
import { restoreSnapshot, takeSnapshot } from './snapshot.js';

interface Finished {
  header: DoneHeader;
  /** The output, and the snapshot after it. */
  output: Uint8Array;
}

/** Runs one call on a fresh instance of the module. Never throws: whatever happens is in the header. */
export async function runCall(module: WebAssembly.Module, call: CallHeader, payload: Uint8Array): Promise<Finished> {
  const state = new CallState(call);
  const startedAt = performance.now();
  const cpuAtStart = process.cpuUsage();
  let exports: WebAssembly.Exports = {};
  let fuelAtStart: bigint | null = null;
  const figures = (): InstanceFigures => ({ memoryBytes: memoryBytes(exports), fuelAtStart, fuelLeft: globalValue(exports, '__fuel') });
  let output: Uint8Array = new Uint8Array(0);
  let snapshot: Uint8Array | null = null;
  let failure: SlotFailure | null = null;
  try {
    const { plugin, instance, entry } = await prepare(module, state, payload);
    ({ exports } = instance);
    fuelAtStart = globalValue(exports, '__fuel');
    setClock(exports, call.nowMs);
    const code = watchReturnCode(instance, entry);
    const result = await plugin.call(entry, payload.subarray(0, payload.length - (call.resumable?.snapshotBytes ?? 0)));
    if (state.verdict) throw new Error('condemned');
    failure = returnCodeFailure(code(), state, figures()) ?? outputFailure(result, call);
    if (!failure && result) output = result.bytes();
    const used = process.cpuUsage(cpuAtStart);
    if (!failure && call.resumable && isWaiting(output) && (used.user + used.system) / 1000 > call.resumable.snapshotAfterCpuMs) snapshot = await snapshotOf(module, state, exports);
  } catch (error) {
    failure = classify(error, state, figures());
  }
  const cpu = process.cpuUsage(cpuAtStart);
  const peakMemoryBytes = memoryBytes(exports) + state.peakBlockBytes;
  const header = { failure, wallMs: performance.now() - startedAt, cpuMs: (cpu.user + cpu.system) / 1000, peakMemoryBytes };
  return snapshot ? { output: Buffer.concat([output, snapshot]), header: { ...header, snapshotBytes: snapshot.length } } : { output, header };
}

const newPlugin = (module: WebAssembly.Module, state: CallState): Promise<Plugin> => createPlugin({ wasm: [{ module, name: 'main' }] }, { functions: hostFunctions(state), fetch: refuseFetch, config: NO_CONFIGURATION, memory: { maxVarBytes: MAX_VARIABLE_BYTES } });

interface Prepared {
  plugin: Plugin;
  instance: WebAssembly.Instance;
  entry: string;
}

/** A new instance, or one with the memory of the snapshot. A snapshot that does not fit is no reason to fail: the input has all it takes to begin again. */
async function prepare(module: WebAssembly.Module, state: CallState, payload: Uint8Array): Promise<Prepared> {
  const { entry, resumable } = state.call;
  const plugin = await newPlugin(module, state);
  const instance = await plugin.getInstance();
  const { memory } = instance.exports;
  if (!resumable?.snapshotBytes || !(memory instanceof WebAssembly.Memory)) return { plugin, instance, entry };
  try {
    restoreSnapshot(memory, payload.subarray(payload.length - resumable.snapshotBytes));
    return { plugin, instance, entry: RESUME_ENTRY };
  } catch {
    const another = await newPlugin(module, state);
    return { plugin: another, instance: await another.getInstance(), entry };
  }
}

const RESUME_ENTRY = 'resume';

/** As the interpreter writes it. Anything else that ends so gets a snapshot that nobody uses. */
const WAITING = Buffer.from(',"waiting":true}');
const isWaiting = (output: Uint8Array): boolean => Buffer.from(output.buffer, output.byteOffset, output.byteLength).subarray(-WAITING.length).equals(WAITING);

/** What a new instance would not have. */
async function snapshotOf(module: WebAssembly.Module, state: CallState, exports: WebAssembly.Exports): Promise<Uint8Array | null> {
  const { memory: fresh } = (await (await newPlugin(module, state)).getInstance()).exports;
  const { memory } = exports;
  return memory instanceof WebAssembly.Memory && fresh instanceof WebAssembly.Memory ? takeSnapshot(new Uint8Array(memory.buffer), new Uint8Array(fresh.buffer)) : null;
}

const refuseFetch = (): never => {
  throw new Error('A sandbox process has no network.');
};
/** Without a prototype, so that a plugin that asks for '__proto__' finds nothing either. */
const NO_CONFIGURATION: Record<string, string> = Object.create(null);
/** Extism variables live as long as the instance: one call. */
const MAX_VARIABLE_BYTES = 1_048_576;

/** Extism drops what the entry returns; a non-zero return is the tool's way to say that it failed. */
function watchReturnCode(instance: WebAssembly.Instance, entry: string): () => number {
  const original = instance.exports[entry];
  let code = 0;
  if (typeof original === 'function') {
    const watched = (): void => {
      const returned: unknown = original();
      code = typeof returned === 'number' ? returned : 0;
    };
    Object.defineProperty(instance, 'exports', { value: { ...instance.exports, [entry]: watched } });
  }
  return () => code;
}

function returnCodeFailure(code: number, state: CallState, figures: InstanceFigures): SlotFailure | null {
  const { call } = state;
  if (code === 0) return null;
  if (figures.fuelLeft !== null && figures.fuelLeft < 0n) return classify(null, state, figures);
  return { code: 'tool_failed', message: `Tool ${call.tool} returned the error code ${code} without a message.`, detail: { returnCode: code } };
}

function outputFailure(output: PluginOutput | null, call: CallHeader): SlotFailure | null {
  const size = output?.bytes().byteLength ?? 0;
  if (size === 0) return { code: 'tool_output_invalid', message: `Tool ${call.tool} returned nothing; it must return JSON.`, detail: { reason: 'empty' } };
  if (size <= call.outputBytes) return null;
  const [valueKib, limitKib] = [Math.ceil(size / 1024), Math.floor(call.outputBytes / 1024)];
  return { code: 'tool_output_too_large', message: `Tool ${call.tool} returned ${mib(size) >= 1 ? `${mib(size)} MiB` : `${valueKib} KiB`}; its limit is ${limitKib} KiB.`, detail: { valueKib, limitKib } };
}

function memoryBytes(exports: WebAssembly.Exports): number {
  const { memory } = exports;
  return memory instanceof WebAssembly.Memory ? memory.buffer.byteLength : 0;
}

function globalValue(exports: WebAssembly.Exports, name: string): bigint | null {
  const global = exports[name];
  return global instanceof WebAssembly.Global && typeof global.value === 'bigint' ? global.value : null;
}

function setClock(exports: WebAssembly.Exports, nowMs: number): void {
  const clock = exports['__now_ms'];
  if (clock instanceof WebAssembly.Global && typeof clock.value === 'bigint') clock.value = BigInt(nowMs);
}
