// A plugin that attacks whoever runs it. Each export is one attack.
import { fail, files, http, inputText, log, outputText } from "trivet";
@external("extism:host/env", "alloc") declare function alloc(bytes: u64): u64;
@external("extism:host/env", "output_set") declare function output_set(block: u64, bytes: u64): void;
@external("extism:host/env", "load_u64") declare function load_u64(address: u64): u64;
@external("extism:host/env", "store_u8") declare function store_u8(address: u64, value: u8): void;
@external("extism:host/env", "var_set") declare function var_set(key: u64, value: u64): void;
@external("extism:host/env", "config_get") declare function config_get(key: u64): u64;
@external("extism:host/env", "free") declare function free(block: u64): void;
@external("extism:host/env", "load_u8") declare function load_u8(address: u64): u8;
@external("extism:host/env", "var_get") declare function var_get(key: u64): u64;
@external("extism:host/user", "http") declare function host_http(block: u64): u64;
@external("extism:host/user", "model") declare function host_model(block: u64): u64;
@external("extism:host/user", "log") declare function host_log(block: u64): u64;
@external("extism:host/user", "kv") declare function host_kv(block: u64): u64;
@external("extism:host/user", "memory") declare function host_memory(block: u64): u64;
@external("extism:host/env", "length") declare function block_length(block: u64): u64;

let counter: i32 = 0;
let secret: string = "";

export function loopForever(): i32 { while (true) { counter++; if (counter == -1) return 1; } }

/** Grows the linear memory as far as it goes, touching each page. */
export function growMemory(): i32 {
  while (true) {
    const before = memory.grow(64);
    if (before < 0) break;
    const start = (<usize>before) << 16;
    for (let page: usize = 0; page < 64 * 16; page++) store<u8>(start + (page << 12), 1);
  }
  unreachable();
  return 0;
}

export function fewHugeBlocks(): i32 { for (let i = 0; i < 100; i++) alloc(1 << 30); outputText("{}"); return 0; }
export function manySmallBlocks(): i32 { for (let i = 0; i < 60000; i++) alloc(1); outputText("{}"); return 0; }
export function manyBigBlocks(): i32 { for (let i = 0; i < 30000; i++) alloc(1 << 20); outputText("{}"); return 0; }
export function negativeBlock(): i32 { alloc(<u64>-1); outputText("{}"); return 0; }
export function hugeOutput(): i32 { const block = alloc(16 << 20); output_set(block, 16 << 20); return 0; }
export function trap(): i32 { unreachable(); return 0; }
export function divideByZero(): i32 { const zero = counter - counter; outputText((1 / zero).toString()); return 0; }
export function outOfBounds(): i32 { outputText(load<u32>(0xfffffff0).toString()); return 0; }
function recurse(n: i32): i32 { return n == 0 ? 0 : recurse(n + 1) + n; }
export function overflowStack(): i32 { outputText(recurse(1).toString()); return 0; }
export function returnsCode(): i32 { return 7; }
export function failsInWords(): i32 { return fail("own words 中文 🌍"); }
export function saysNothing(): i32 { return 0; }
export function notJson(): i32 { outputText("{not json"); return 0; }
export function prototypeKey(): i32 { outputText('{"__proto__":{"admin":true}}'); return 0; }
export function notUtf8(): i32 { const block = alloc(2); store_u8(block, 0xff); store_u8(block + 1, 0xfe); output_set(block, 2); return 0; }
export function badPointerRead(): i32 { return <i32>load_u64(0x7fff000000000000); }
export function badPointerOutput(): i32 { output_set(0x7fff000000000000, 1 << 40); return 0; }
export function badPointerHost(): i32 { block_length(0xffff000000000000); output_set(0xffff00000000ffff, 1); return 0; }

/** Hands every host function addresses that are none: out of range, negative, between two blocks. */
export function badPointerHttp(): i32 { host_http(0x7fff000000000000); return 0; }
export function badPointerModel(): i32 { host_model(<u64>-1); return 0; }
export function badPointerLog(): i32 { host_log(0x0001ffffffffffff << 4); return 0; }
export function badPointerKv(): i32 { const block = alloc(8); free(block); host_kv(block); return 0; }
export function badPointerMemory(): i32 { const block = alloc(8); free(block); host_memory(block); return 0; }
export function badPointerVariable(): i32 { var_set(<u64>-1, <u64>-1); var_get(0x00ff000000000000); outputText("null"); return 0; }
export function readsBesideBlock(): i32 { const block = alloc(8); return <i32>load_u8(block + 8); }
export function readsBeforeBlock(): i32 { const block = alloc(8); return <i32>load_u64(block - 4); }
export function writesBesideBlock(): i32 { const block = alloc(8); store_u8(block + 4096, 1); return 0; }
export function outputLongerThanBlock(): i32 { const block = alloc(8); output_set(block, 1 << 20); return 0; }

export function variableBomb(): i32 {
  const key = alloc(8);
  const value = alloc(1 << 20);
  for (let i = 0; i < 3000; i++) { store_u8(key, <u8>i); store_u8(key + 1, <u8>(i >> 8)); var_set(key, value); }
  outputText("{}");
  return 0;
}

/** Fills its own memory and as much of the host's, each within its cap, and stays there. */
export function fillBoth(): i32 {
  while (true) {
    const before = memory.grow(16);
    if (before < 0) break;
    const start = (<usize>before) << 16;
    for (let page: usize = 0; page < 16 * 16; page++) store<u8>(start + (page << 12), 1);
  }
  const block = alloc(62 << 20);
  for (let page: u64 = 0; page < 62 * 256; page++) store_u8(block + (page << 12), 1);
  while (true) counter++;
}

/** Uses much of everything, and no more than it may: what the limits are for. */
export function staysWithin(): i32 {
  if (memory.grow(100) < 0) return fail("100 pages were refused");
  for (let i = 0; i < 1000; i++) alloc(1);
  const block = alloc(8 << 20);
  for (let page: u64 = 0; page < 8 * 256; page++) store_u8(block + (page << 12), 1);
  const key = alloc(1);
  for (let i = 0; i < 200; i++) { store_u8(key, <u8>i); var_set(key, alloc(4096)); }
  for (let i = 0; i < 1000; i++) log('{"message":"a line"}');
  for (let i = 0; i < 10; i++) http('{"url":"https://example.org/"}');
  outputText('"' + "x".repeat(64 * 1024 - 2) + '"');
  return 0;
}

/** Reads configuration and reports whether there was anything. */
export function readConfiguration(): i32 {
  const names = ["OPENAI_API_KEY", "PATH", "HOME", "__proto__", "constructor"];
  let found = 0;
  for (let i = 0; i < names.length; i++) {
    const bytes = Uint8Array.wrap(String.UTF8.encode(names[i]));
    const block = alloc(bytes.length);
    for (let j = 0; j < bytes.length; j++) store_u8(block + j, bytes[j]);
    if (config_get(block) != 0) found++;
  }
  outputText(found.toString());
  return 0;
}

export function spamHost(): i32 { for (let i = 0; i < 10000; i++) http('{"url":"https://example.org/"}'); outputText("{}"); return 0; }
export function spamLog(): i32 { for (let i = 0; i < 10000; i++) log('{"message":"spam"}'); outputText("{}"); return 0; }
export function readsFile(): i32 {
  const reply = files('{"op":"read","name":"../../etc/passwd"}');
  return reply.includes('"error"') ? fail(reply) : 0;
}
export function fetchesUngranted(): i32 {
  const reply = http('{"url":"http://169.254.169.254/latest/meta-data/"}');
  return reply.includes('"error"') ? fail(reply) : 0;
}
/** Fetches what its input says (a request as JSON) and gives back what the host said. */
export function fetches(): i32 { outputText(http(inputText())); return 0; }
export function swallowsDenial(): i32 { files('{"op":"read","name":"/etc/passwd"}'); outputText('"went on"'); return 0; }
export function sendsNonsense(): i32 { const reply = http("{not json"); outputText(reply.includes("invalid_request") ? "true" : "false"); return 0; }

/** Leaves a secret behind and reports what it finds from before. */
export function leaksState(): i32 {
  counter++;
  const before = secret;
  secret = inputText();
  outputText('{"counter":' + counter.toString() + ',"before":' + (before.length ? before : "null") + "}");
  return 0;
}
