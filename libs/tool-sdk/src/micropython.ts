import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildOnce, interpreterSource, mergeModules, packageFile, runBinaryen, sha256 } from './merge-modules.js';

const MODULE = '@micropython/micropython-webassembly-pyscript/micropython.wasm';
/** The functions and addresses below (and in interpreter/micropython/stubs-env.wat) are those of this very module. */
const KNOWN_DIGEST = '06338c955b03c5700aa0069015d3e392d76836ef8e2ce25bedbe59b88ccd373c';
const FUNCTIONS = { collectStart: '$18', collectEnd: '$20', allocate: '$22', growText: '$47', maxNewSplit: '$1217', collect: '$1218' };

/**
 * The base of Python tools: MicroPython, its stubs and the Extism shim merged to one module that imports nothing but
 * `extism:host/env` and `extism:host/user`. Built once (about ten seconds, nothing downloaded) and kept under the
 * hash of what it is made of.
 */
export async function baseMicropython(): Promise<Uint8Array> {
  const { micropython, stubs } = await readSources();
  return buildOnce('micropython', await micropythonRecipe(), async (folder) => mergeModules(folder, [{ name: 'mp', content: await collectable(folder, micropython) }, ...stubs]));
}

/** A hash of everything the base is made of, without building it. */
export async function micropythonRecipe(): Promise<string> {
  const { micropython, stubs } = await readSources();
  return sha256([RECIPE_VERSION, sha256(micropython), ...stubs.map(({ content }) => content)].join('\0'));
}

/** Raised when the steps below change. */
const RECIPE_VERSION = 2;
const STUBS = [['wasi_snapshot_preview1', 'stubs-wasi'], ['env', 'stubs-env'], ['main', 'shim']] as const;

/** Throws an Error when the installed MicroPython is another one than the patch is for. */
async function readSources(): Promise<{ micropython: Uint8Array; stubs: { name: string; content: string }[] }> {
  const micropython = await packageFile(MODULE);
  const digest = sha256(micropython);
  if (digest !== KNOWN_DIGEST) throw new Error(`${MODULE} has the digest ${digest}; the addresses of its collector are known for ${KNOWN_DIGEST} only. Install version 1.27.0, or find them again.`);
  const stubs = await Promise.all(STUBS.map(async ([name, file]) => ({ name, content: await interpreterSource(`micropython/${file}.wat`) })));
  return { micropython, stubs };
}

/**
 * This variant of MicroPython collects garbage only between calls, since it cannot see the pointers that WebAssembly
 * keeps out of memory. Here they are spilled to the stack, and its gc_collect is ours (`collect` in stubs-env.wat).
 */
async function collectable(folder: string, micropython: Uint8Array): Promise<Uint8Array> {
  await writeFile(join(folder, 'original.wasm'), micropython);
  await runBinaryen(folder, 'wasm-dis', ['original.wasm', '-o', 'original.wat']);
  await writeFile(join(folder, 'patched.wat'), patch(await readFile(join(folder, 'original.wat'), 'utf8')));
  await runBinaryen(folder, 'wasm-opt', ['patched.wat', '--flatten', '--dce', '--coalesce-locals', '--spill-pointers', '-O1', '-o', 'collectable.wasm']);
  return new Uint8Array(await readFile(join(folder, 'collectable.wasm')));
}

function patch(original: string): string {
  const collected = inFunction(original, FUNCTIONS.collect, () => '\n  (call $collect)');
  const bounded = inFunction(collected, FUNCTIONS.maxNewSplit, () => '\n  (call $heap_room)');
  // vstr_ensure_extra: a text that grows byte by byte gets half of its length more, where it would get 16 bytes more.
  const grown = inFunction(bounded, FUNCTIONS.growText, (body) => body.replace(/\(i32\.and\s+\(local\.get \$1\)/, () => '(i32.and (i32.add (local.get $1) (i32.shr_u (local.get $1) (i32.const 1)))'));
  const wrapped = grown.replace(`\n (func ${FUNCTIONS.allocate} (param`, () => '\n (func $gc_alloc_original (param');
  // By this name --spill-pointers knows it.
  const named = wrapped.replaceAll(/\$global\$0\b/g, () => '$__stack_pointer');
  return named.replace(/^ \(import /m, () => `${IMPORTS}\n (import `).replace(/^ \(export /m, () => `${EXPORTS}\n (export `);
}

const IMPORTS = ` (import "env" "collect" (func $collect))
 (import "env" "heap_room" (func $heap_room (result i32)))
 (import "env" "gc_alloc" (func ${FUNCTIONS.allocate} (param i32 i32) (result i32)))`;
const EXPORTS = ` (export "gc_collect_start" (func ${FUNCTIONS.collectStart}))
 (export "gc_collect_end" (func ${FUNCTIONS.collectEnd}))
 (export "gc_alloc_original" (func $gc_alloc_original))`;

/** Changes what stands between the first line of a function and the line that closes at its own indentation. */
function inFunction(text: string, name: string, change: (body: string) => string): string {
  const head = [' ', '\n'].map((after) => text.indexOf(`\n (func ${name}${after}`)).find((at) => at >= 0) ?? -1;
  const start = text.indexOf('\n', head + 1);
  const end = text.indexOf('\n )', start);
  const body = text.slice(start, end);
  const changed = change(body);
  if (head < 0 || changed === body) throw new Error(`The disassembled MicroPython has no function ${name} as it is known.`);
  return `${text.slice(0, start)}${changed}${text.slice(end)}`;
}
