import { createPlugin, type PluginOutput } from '@extism/extism';
import { CallState, mib } from './call-state.js';
import { classify, type InstanceFigures } from './classify.js';
import { hostFunctions } from './host-functions.js';
import type { CallHeader, DoneHeader, SlotFailure } from './messages.js';

interface Finished {
  header: DoneHeader;
  output: Uint8Array;
}

/** Runs one call on a fresh instance of the module. Never throws: whatever happens is in the header. */
export async function runCall(module: WebAssembly.Module, call: CallHeader, input: Uint8Array): Promise<Finished> {
  const state = new CallState(call);
  const startedAt = performance.now();
  const cpuAtStart = process.cpuUsage();
  let exports: WebAssembly.Exports = {};
  let fuelAtStart: bigint | null = null;
  const figures = (): InstanceFigures => ({ memoryBytes: memoryBytes(exports), fuelAtStart, fuelLeft: globalValue(exports, '__fuel') });
  let output: Uint8Array = new Uint8Array(0);
  let failure: SlotFailure | null = null;
  try {
    const plugin = await createPlugin({ wasm: [{ module, name: 'main' }] }, { functions: hostFunctions(state), fetch: refuseFetch, config: NO_CONFIGURATION, memory: { maxVarBytes: MAX_VARIABLE_BYTES } });
    const instance = await plugin.getInstance();
    ({ exports } = instance);
    fuelAtStart = globalValue(exports, '__fuel');
    setClock(exports, call.nowMs);
    const code = watchReturnCode(instance, call.entry);
    const result = await plugin.call(call.entry, input);
    if (state.verdict) throw new Error('condemned');
    failure = returnCodeFailure(code(), state, figures()) ?? outputFailure(result, call);
    if (!failure && result) output = result.bytes();
  } catch (error) {
    failure = classify(error, state, figures());
  }
  const cpu = process.cpuUsage(cpuAtStart);
  const peakMemoryBytes = memoryBytes(exports) + state.peakBlockBytes;
  return { output, header: { failure, wallMs: performance.now() - startedAt, cpuMs: (cpu.user + cpu.system) / 1000, peakMemoryBytes } };
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
