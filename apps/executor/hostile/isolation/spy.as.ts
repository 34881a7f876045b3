// A plugin that leaves a secret in every place it can, and looks for others' secrets in every place it can.
// Secrets come masked (each byte XOR 0x5a, as hex), so that a plugin that looks for one does not hold it by that.
import { inputText, log, outputText, progress } from "trivet";
@external("extism:host/env", "alloc") declare function alloc(bytes: u64): u64;
@external("extism:host/env", "free") declare function free(block: u64): void;
@external("extism:host/env", "length") declare function block_length(block: u64): u64;
@external("extism:host/env", "load_u8") declare function load_u8(address: u64): u8;
@external("extism:host/env", "store_u8") declare function store_u8(address: u64, value: u8): void;
@external("extism:host/env", "var_get") declare function var_get(key: u64): u64;
@external("extism:host/env", "var_set") declare function var_set(key: u64, value: u64): void;
@external("extism:host/env", "error_set") declare function error_set(block: u64): void;
@external("extism:host/env", "error_get") declare function error_get(): u64;
@external("extism:host/env", "config_get") declare function config_get(key: u64): u64;

const MASK: u8 = 0x5a;
const SECRET_BYTES = 16;
const KEYS = ["secret", "a", "b", "__proto__", "constructor", ""];
const SIZES: u64[] = [16, 100, 4096, 65536];

let low: u64 = 0;
let high: u64 = 0;
let held: string = "";

function nibble(c: i32): u8 { return <u8>(c >= 97 ? c - 87 : c - 48); }

/** Where the masked bytes of a hexadecimal text begin in memory. */
function masked(hex: string): usize {
  const bytes = new Uint8Array(SECRET_BYTES);
  for (let i = 0; i < SECRET_BYTES; i++) bytes[i] = (nibble(hex.charCodeAt(2 * i)) << 4) | nibble(hex.charCodeAt(2 * i + 1));
  return bytes.dataStart;
}

function key(text: string): u64 {
  const bytes = Uint8Array.wrap(String.UTF8.encode(text));
  const block = alloc(bytes.length);
  for (let i = 0; i < bytes.length; i++) store_u8(block + i, bytes[i]);
  return block;
}

function filledBlock(mask: usize, size: u64): u64 {
  const block = alloc(size);
  for (let i: u64 = 0; i < size; i++) store_u8(block + i, load<u8>(mask + <usize>(i % SECRET_BYTES)) ^ MASK);
  return block;
}

/** Leaves the secret in globals, objects, linear memory, variables, blocks and log lines. */
function leave(mask: usize): void {
  for (let i = 0; i < 8; i++) {
    low |= (<u64>(load<u8>(mask + i) ^ MASK)) << (8 * i);
    high |= (<u64>(load<u8>(mask + 8 + i) ^ MASK)) << (8 * i);
  }
  for (let i = 0; i < KEYS.length; i++) var_set(key(KEYS[i]), filledBlock(mask, 256));
  for (let i = 0; i < SIZES.length; i++) {
    const freed = filledBlock(mask, SIZES[i]);
    filledBlock(mask, SIZES[i]);
    free(freed);
  }
  const before = memory.grow(8);
  if (before < 0) unreachable();
  const start = (<usize>before) << 16;
  for (let i: usize = 0; i < 8 << 16; i++) store<u8>(start + i, load<u8>(mask + i % SECRET_BYTES) ^ MASK);
  held = String.UTF8.decodeUnsafe(start, SECRET_BYTES);
  log('{"message":"' + held + '"}');
  progress('{"fraction":0.5,"message":"' + held + '"}');
}

function inMemory(mask: usize, from: usize, to: usize): i32 {
  const first = load<u8>(mask) ^ MASK;
  let found = 0;
  for (let at = from; at + SECRET_BYTES <= to; at++) {
    if (load<u8>(at) != first) continue;
    let i = 1;
    while (i < SECRET_BYTES && load<u8>(at + i) == (load<u8>(mask + i) ^ MASK)) i++;
    if (i == SECRET_BYTES) found++;
  }
  return found;
}

function inBlock(mask: usize, block: u64): i32 {
  const length = block == 0 ? 0 : block_length(block);
  let run = 0;
  for (let i: u64 = 0; i < length; i++) {
    const byte = load_u8(block + i);
    if (byte == (load<u8>(mask + run) ^ MASK)) run++;
    else run = byte == (load<u8>(mask) ^ MASK) ? 1 : 0;
    if (run == SECRET_BYTES) return 1;
  }
  return 0;
}

/** How often the secret is found, place by place. */
function look(mask: usize): string {
  // Before anything else makes blocks: those that are there, and fresh ones that nobody wrote to.
  let blocks = 0;
  for (let i: u64 = 1; i < 400; i++) blocks += inBlock(mask, i << 48);
  for (let i = 0; i < SIZES.length; i++) blocks += inBlock(mask, alloc(SIZES[i]));
  const error = inBlock(mask, error_get());
  let variables = 0;
  let configuration = 0;
  for (let i = 0; i < KEYS.length; i++) {
    variables += inBlock(mask, var_get(key(KEYS[i])));
    configuration += inBlock(mask, config_get(key(KEYS[i])));
  }
  const globals = low != 0 || high != 0 || held.length > 0 ? 1 : 0;
  const own = <usize>memory.size() << 16;
  while (memory.grow(1) >= 0) continue;
  const memories = inMemory(mask, 0, own) + inMemory(mask, own, <usize>memory.size() << 16);
  return '{"memory":' + memories.toString() + ',"globals":' + globals.toString() + ',"variables":' + variables.toString() + ',"blocks":' + blocks.toString() + ',"error":' + error.toString() + ',"configuration":' + configuration.toString() + "}";
}

/** Input: a JSON text of the masked secret and how to end. */
export function write(): i32 {
  const text = inputText();
  const mask = masked(text.slice(1));
  leave(mask);
  const end = text.charCodeAt(1 + 2 * SECRET_BYTES);
  // A call that set an error has failed, so only those that fail leave one.
  if (end != 111) error_set(filledBlock(mask, 64));
  if (end == 116) unreachable();
  if (end == 102) return 1;
  if (end == 108) while (true) low++;
  outputText('"' + held + '"');
  return 0;
}

export function read(): i32 {
  outputText(look(masked(inputText().slice(1))));
  return 0;
}

/** Both in one call: what is left must be found, or looking for it would prove nothing. */
export function both(): i32 {
  const mask = masked(inputText().slice(1));
  leave(mask);
  outputText(look(mask));
  return 0;
}
