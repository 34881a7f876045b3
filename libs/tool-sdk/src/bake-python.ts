import { refuseHost, type BakeOptions } from './bake.js';
import { BuildInstance } from './build-instance.js';
import { interpreterSource } from './merge-modules.js';
import { baseMicropython } from './micropython.js';
import { freeze } from './snapshot.js';
import { WASM_PAGE_BYTES } from './wasm-binary.js';

/** For the frames of MicroPython's own functions: about 850 Python calls deep. V8's stack, in a slot, ends at about 1,100. */
const STACK_BYTES = 327_680;
/** Slots of four bytes for the frames of Python functions. */
const PYTHON_STACK_SLOTS = 65_536;
const FIRST_HEAP_BYTES = 1_048_576;
const OUTPUT_BYTES = 65_536;
const FINISHED_EXPORTS = new Set(['run', 'memory', '__now_ms']);
/** What the plugin says when it has no memory left to find words of its own. */
const LAST_WORDS = JSON.stringify({ name: 'MemoryError', message: 'out of memory' });

export interface PythonOptions extends Pick<BakeOptions, 'memoryMib'> {
  /** Collects garbage whenever MicroPython asks, however little there is to gain: for tests of the collector. */
  collectAlways?: boolean;
}

/**
 * Turns one Python script into a self-contained Extism plugin, as bake() does for JavaScript: the script is loaded into
 * MicroPython now, and the finished module starts from that memory. The script defines run(input), and may use what
 * interpreter/micropython/driver.py defines. Throws an Error with the traceback when it does not load.
 */
export async function bakePython(source: string, options: PythonOptions): Promise<Uint8Array> {
  const base = await baseMicropython();
  const { exports } = await WebAssembly.instantiate(await WebAssembly.compile(new Uint8Array(base)), refuseHost());
  const interpreter = new BuildInstance(exports, { malloc: 'malloc', free: 'free' });
  interpreter.call('init', STACK_BYTES, PYTHON_STACK_SLOTS, FIRST_HEAP_BYTES);
  const output = interpreter.call('malloc', OUTPUT_BYTES);
  interpreter.setGlobal('__output', output);
  interpreter.load(await interpreterSource('micropython/driver.py'));
  interpreter.call('bind', interpreter.place('__main__'), interpreter.place('serve'));
  interpreter.load(source);
  const globals = {
    __collect_always: options.collectAlways ? 1 : 0,
    __output: output,
    __output_length: 0,
    __output_cut: 0,
    __open: 0,
    __entry: interpreter.globalNumber('__entry'),
    __memory_text: interpreter.place(LAST_WORDS),
    __memory_length: LAST_WORDS.length,
    __stack_top: interpreter.globalNumber('__stack_top'),
    __max_pages: (options.memoryMib * 1_048_576) / WASM_PAGE_BYTES,
  };
  return freeze(base, {
    memory: interpreter.memory().slice(),
    globals: new Map(Object.entries(globals).map(([name, value]) => [name, BigInt(value)])),
    maxPages: globals.__max_pages,
    exports: FINISHED_EXPORTS,
  });
}
