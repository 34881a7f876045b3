import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compileWat } from '@trivet/tool-sdk';
import { ECHO, PLUGINS_FOLDER } from '../prepare.js';

/** A module that uses one of everything, so that a change anywhere can mean something. */
const EVERYTHING = `(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "free" (func $free (param i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "load_u64" (func $load (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (import "extism:host/env" "error_set" (func $error (param i64)))
  (import "extism:host/env" "var_get" (func $get (param i64) (result i64)))
  (import "extism:host/env" "var_set" (func $set (param i64 i64)))
  (import "extism:host/env" "config_get" (func $config (param i64) (result i64)))
  (import "extism:host/env" "log_info" (func $info (param i64)))
  (import "extism:host/user" "http" (func $http (param i64) (result i64)))
  (import "extism:host/user" "files" (func $files (param i64) (result i64)))
  (import "extism:host/user" "kv" (func $kv (param i64) (result i64)))
  (memory (export "memory") 1 4)
  (table $t 8 funcref)
  (global $g (mut i64) (i64.const 7))
  (global (export "__now_ms") (mut i64) (i64.const 0))
  (global (export "__fuel") (mut i64) (i64.const 100))
  (elem (i32.const 0) $one $two)
  (data (i32.const 16) "{\\"op\\":\\"list\\"} some text to be changed")
  (type $unary (func (param i32) (result i32)))
  (func $one (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func $two (param i32) (result i32) (memory.grow (local.get 0)))
  (func $block (param $from i32) (param $bytes i32) (result i64) (local $b i64) (local $i i32)
    (local.set $b (call $alloc (i64.extend_i32_u (local.get $bytes))))
    (block $end (loop $next
      (br_if $end (i32.ge_u (local.get $i) (local.get $bytes)))
      (call $store (i64.add (local.get $b) (i64.extend_i32_u (local.get $i))) (i32.load8_u (i32.add (local.get $from) (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next)))
    (local.get $b))
  (func (export "_initialize") (global.set $g (i64.const 8)))
  (func (export "run") (result i32) (local $b i64)
    (call $info (call $block (i32.const 16) (i32.const 13)))
    (call $set (call $block (i32.const 30) (i32.const 4)) (call $block (i32.const 34) (i32.const 8)))
    (drop (call $get (call $block (i32.const 30) (i32.const 4))))
    (drop (call $config (call $block (i32.const 30) (i32.const 4))))
    (drop (call_indirect (type $unary) (i32.const 1) (i32.const 1)))
    (memory.fill (i32.const 1000) (i32.const 65) (i32.const 100))
    (local.set $b (call $files (call $block (i32.const 16) (i32.const 13))))
    (call $output (local.get $b) (call $length (local.get $b)))
    (i32.const 0)))`;

/** Loops, tables, globals and traps, without any import. */
const PLAIN = `(module
  (memory 1 2) (table 4 externref) (global $n (mut i32) (i32.const 3))
  (func $factorial (param i32) (result i32) (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1)) (else (i32.mul (local.get 0) (call $factorial (i32.sub (local.get 0) (i32.const 1)))))))
  (func (export "run") (result i32) (local $i i32)
    (loop $l (i32.store (local.get $i) (call $factorial (global.get $n))) (local.set $i (i32.add (local.get $i) (i32.const 4))) (br_if $l (i32.lt_u (local.get $i) (i32.const 64))))
    (drop (i32.div_u (i32.const 100) (i32.load (i32.const 4))))
    (i32.const 0)))`;

export interface SeedModules {
  small: Uint8Array[];
  /** An interpreter with a script in it: three quarters of a megabyte. */
  large: Uint8Array;
}

/** What the mutations begin with: modules written for this, and real tools as they are built. */
export async function seedModules(): Promise<SeedModules> {
  const built = async (name: string): Promise<Uint8Array> => new Uint8Array(await readFile(join(PLUGINS_FOLDER, name, 'dist', `${name}.wasm`)));
  return { small: [await compileWat(ECHO), await compileWat(EVERYTHING), await compileWat(PLAIN), await built('text_stats')], large: await built('code_javascript') };
}
