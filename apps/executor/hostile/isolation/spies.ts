import { fileURLToPath } from 'node:url';
import { compileAssemblyScript } from '@trivet/tool-sdk';
import { admitTool, type CatalogTool } from '../../src/catalog/tool-catalog.js';
import { manifestOf, pluginFromWat, type PluginOptions } from '../prepare.js';

const SPY_FILE = fileURLToPath(new URL('spy.as.ts', import.meta.url));
/** As much memory as the scan of one call is quick for. */
const LIMITS = { timeoutMs: 2000, memoryMib: 2 };

let compiled: Promise<Uint8Array> | null = null;

/** One of the entries of spy.as.ts: `write` leaves a secret everywhere, `read` looks for one everywhere, `both` does both. */
export async function spy(entry: 'write' | 'read' | 'both', options: PluginOptions = {}): Promise<CatalogTool> {
  compiled ??= compileAssemblyScript(SPY_FILE);
  return admitTool(manifestOf(`spy_${entry}`, { ...options, entry, limits: { ...LIMITS, ...options.limits } }), await compiled, { maxMemoryMib: 256, bundled: options.isolation !== 'tenant' });
}

/**
 * What WebAssembly can keep beside its memory: the input's second byte says `w` to leave a mark in a global, a table, the
 * size of a table and a dropped segment, and `r` to read all of them as one letter each: `-` for as new, `x` for touched.
 */
const MARKS = `(module
  (import "extism:host/env" "input_load_u8" (func $input (param i64) (result i32)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (memory 1) (global $g (mut i64) (i64.const 0)) (global (export "shown") (mut i32) (i32.const 0))
  (table $t 4 10 funcref) (table $e 2 10 externref)
  (elem declare func $nothing) (data $d "!")
  (func $nothing)
  (func $say (param $b i64) (param $at i64) (param $touched i32)
    (call $store (i64.add (local.get $b) (local.get $at)) (select (i32.const 0x78) (i32.const 0x2d) (local.get $touched))))
  (func $leave
    (global.set $g (i64.const 7))
    (table.set $t (i32.const 2) (ref.func $nothing))
    (drop (table.grow $t (ref.func $nothing) (i32.const 3)))
    (drop (table.grow $e (ref.null extern) (i32.const 3)))
    (i32.store (i32.const 100) (i32.const 42))
    (data.drop $d))
  (func (export "run") (result i32) (local $b i64) (local $mode i32)
    (local.set $mode (call $input (i64.const 1)))
    (if (i32.ne (local.get $mode) (i32.const 0x72)) (then (call $leave)))
    (local.set $b (call $alloc (i64.const 8)))
    (call $store (local.get $b) (i32.const 0x22))
    (call $say (local.get $b) (i64.const 1) (i64.ne (global.get $g) (i64.const 0)))
    (call $say (local.get $b) (i64.const 2) (i32.eqz (ref.is_null (table.get $t (i32.const 2)))))
    (call $say (local.get $b) (i64.const 3) (i32.ne (table.size $t) (i32.const 4)))
    (call $say (local.get $b) (i64.const 4) (i32.ne (table.size $e) (i32.const 2)))
    (call $say (local.get $b) (i64.const 5) (i32.ne (i32.load (i32.const 100)) (i32.const 0)))
    ;; Traps when the segment has been dropped, so only a reader may try it.
    (if (i32.eq (local.get $mode) (i32.const 0x72)) (then (memory.init $d (i32.const 200) (i32.const 0) (i32.const 1))))
    (call $say (local.get $b) (i64.const 6) (i32.const 0))
    (call $store (i64.add (local.get $b) (i64.const 7)) (i32.const 0x22))
    (call $output (local.get $b) (i64.const 8))
    (i32.const 0)))`;

export const marks = (options: PluginOptions = {}): Promise<CatalogTool> => pluginFromWat('marks', MARKS, options);

/** Sixteen bytes of text as a spy takes them: masked, in hexadecimal. */
export const maskedSecret = (secret: string): string => Buffer.from(Buffer.from(secret.padEnd(16, '.').slice(0, 16), 'latin1').map((byte) => byte ^ 0x5a)).toString('hex');
