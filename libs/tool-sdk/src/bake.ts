import { BuildInstance } from './build-instance.js';
import { baseInterpreter } from './interpreter.js';
import { freeze } from './snapshot.js';
import { WASM_PAGE_BYTES } from './wasm-binary.js';

export interface BakeOptions {
  /** The tool's memory limit; the interpreter stops a script just below it with 'out of memory'. */
  memoryMib: number;
  /** The tool's time limit; the fuel is chosen so that an endless loop usually ends before the deadline does. */
  timeoutMs: number;
}

/** A tight loop polls about 35 times a millisecond on a machine of 2024; somewhat less, so that the fuel ends first. */
const FUEL_PER_MS = 25;
const STACK_BYTES = 0x40000;
/** Memory the interpreter itself needs beside the script's own. */
const INTERPRETER_BYTES = 1_048_576;
/** The letters host_call knows (see interpreter/stubs-env.wat). */
const NATIVE_NAMES = ['h', 'm', 'l', 'p', 'f', 't', 'k', 'r', 'e', 'u'];
const FINISHED_EXPORTS = new Set(['run', 'resume', 'memory', '__fuel', '__now_ms']);

/**
 * Turns one script into a self-contained Extism plugin: the script is loaded into QuickJS now, and the finished module
 * starts from that memory. The script must define globalThis.__start, __end and __err (the bundle of a tool does).
 * Throws an Error with the script's own message when it does not load.
 */
export async function bake(source: string, options: BakeOptions): Promise<Uint8Array> {
  const base = await baseInterpreter();
  const { exports } = await WebAssembly.instantiate(await WebAssembly.compile(new Uint8Array(base)), refuseHost());
  const interpreter = new BuildInstance(exports, { malloc: 'wasm_malloc', free: 'wasm_free' });
  const memoryBytes = options.memoryMib * 1_048_576;
  interpreter.call('_initialize');
  interpreter.call('init', memoryBytes - INTERPRETER_BYTES, STACK_BYTES);
  for (const name of NATIVE_NAMES) interpreter.call('define', name.charCodeAt(0));
  interpreter.load(source);
  return freeze(base, {
    memory: interpreter.memory().slice(),
    globals: new Map([
      ['__stack_pointer', BigInt(interpreter.globalNumber('__stack_pointer'))],
      ['__fuel', BigInt(options.timeoutMs) * BigInt(FUEL_PER_MS)],
    ]),
    maxPages: memoryBytes / WASM_PAGE_BYTES,
    exports: FINISHED_EXPORTS,
  });
}

/** The imports of an interpreter at build time: every use of the host is an error. */
export function refuseHost(): WebAssembly.Imports {
  const refuse = (): never => {
    throw new Error('A tool may use the host only while it runs, not while it loads.');
  };
  const env = ['alloc', 'free', 'length', 'load_u8', 'load_u64', 'store_u8', 'store_u64', 'input_length', 'input_load_u8', 'input_load_u64', 'output_set', 'error_set'];
  const user = ['http', 'model', 'log', 'progress', 'files', 'tool', 'kv', 'memory'];
  const functions = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, refuse]));
  return { 'extism:host/env': functions(env), 'extism:host/user': functions(user) };
}
