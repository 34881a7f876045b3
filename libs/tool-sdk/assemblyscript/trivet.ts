// The plugin development kit in AssemblyScript. A tool imports it as "trivet":
//   import { inputText, outputText, fail } from "trivet";
// Text crosses the boundary as UTF-8 with its length in bytes, so every script and emoji survives.

@external("extism:host/env", "input_length") declare function input_length(): u64;
@external("extism:host/env", "input_load_u8") declare function input_load_u8(offset: u64): u8;
@external("extism:host/env", "input_load_u64") declare function input_load_u64(offset: u64): u64;
@external("extism:host/env", "alloc") declare function block_alloc(bytes: u64): u64;
@external("extism:host/env", "free") declare function block_free(block: u64): void;
@external("extism:host/env", "length") declare function block_length(block: u64): u64;
@external("extism:host/env", "load_u8") declare function load_u8(address: u64): u8;
@external("extism:host/env", "load_u64") declare function load_u64(address: u64): u64;
@external("extism:host/env", "store_u8") declare function store_u8(address: u64, value: u8): void;
@external("extism:host/env", "store_u64") declare function store_u64(address: u64, value: u64): void;
@external("extism:host/env", "output_set") declare function output_set(block: u64, bytes: u64): void;
@external("extism:host/env", "error_set") declare function error_set(block: u64): void;
@external("extism:host/user", "http") declare function host_http(block: u64): u64;
@external("extism:host/user", "model") declare function host_model(block: u64): u64;
@external("extism:host/user", "log") declare function host_log(block: u64): u64;
@external("extism:host/user", "progress") declare function host_progress(block: u64): u64;
@external("extism:host/user", "files") declare function host_files(block: u64): u64;
@external("extism:host/user", "tool") declare function host_tool(block: u64): u64;
@external("extism:host/user", "kv") declare function host_kv(block: u64): u64;
@external("extism:host/user", "memory") declare function host_memory(block: u64): u64;

/** The input of the call: JSON, as UTF-8. */
export function inputText(): string {
  const length = <i32>input_length();
  const bytes = new Uint8Array(length);
  const start = bytes.dataStart;
  let i = 0;
  for (; i + 8 <= length; i += 8) store<u64>(start + i, input_load_u64(i));
  for (; i < length; i++) store<u8>(start + i, input_load_u8(i));
  return String.UTF8.decodeUnsafe(start, length);
}

/** The output of the call: JSON. */
export function outputText(text: string): void {
  const bytes = Uint8Array.wrap(String.UTF8.encode(text));
  output_set(toBlock(bytes), bytes.length);
}

/** Fails the call with a message; return what this returns. */
export function fail(message: string): i32 {
  error_set(textBlock(message));
  return 1;
}

/** Host functions take JSON and give JSON: { "value": … } or { "error": { code, message } }. */
export function http(request: string): string { return exchange(host_http(textBlock(request))); }
export function model(request: string): string { return exchange(host_model(textBlock(request))); }
export function log(request: string): string { return exchange(host_log(textBlock(request))); }
export function progress(request: string): string { return exchange(host_progress(textBlock(request))); }
export function files(request: string): string { return exchange(host_files(textBlock(request))); }
export function tool(request: string): string { return exchange(host_tool(textBlock(request))); }
/** {"op":"get"|"delete","key"} · {"op":"set","key","value"} · {"op":"list","prefix"} */
export function kv(request: string): string { return exchange(host_kv(textBlock(request))); }
/** {"op":"write"|"search"|"forget"|"list"|"sync", …}: docs/tools.md */
export function remember(request: string): string { return exchange(host_memory(textBlock(request))); }

/** What AssemblyScript calls before it traps; the message becomes the failure's. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  error_set(textBlock((message ? message : "aborted") + " (line " + line.toString() + ")"));
  unreachable();
}

function exchange(block: u64): string {
  const length = <i32>block_length(block);
  const bytes = new Uint8Array(length);
  const start = bytes.dataStart;
  let i = 0;
  for (; i + 8 <= length; i += 8) store<u64>(start + i, load_u64(block + i));
  for (; i < length; i++) store<u8>(start + i, load_u8(block + i));
  block_free(block);
  return String.UTF8.decodeUnsafe(start, length);
}

function textBlock(text: string): u64 {
  return toBlock(Uint8Array.wrap(String.UTF8.encode(text)));
}

function toBlock(bytes: Uint8Array): u64 {
  const length = bytes.length;
  const block = block_alloc(length);
  const start = bytes.dataStart;
  let i = 0;
  for (; i + 8 <= length; i += 8) store_u64(block + i, load<u64>(start + i));
  for (; i < length; i++) store_u8(block + i, load<u8>(start + i));
  return block;
}

/** The text of a top-level string field of a JSON object; null when it is missing or no string. Enough for simple inputs. */
export function jsonString(json: string, field: string): string | null {
  let i = 0;
  let depth = 0;
  let key: string | null = null;
  while (i < json.length) {
    const c = json.charCodeAt(i);
    if (c == 0x22) {
      const end = stringEnd(json, i);
      let next = end + 1;
      while (next < json.length && json.charCodeAt(next) <= 0x20) next++;
      const isKey = next < json.length && json.charCodeAt(next) == 0x3a;
      if (depth == 1 && isKey) key = unescape(json, i + 1, end);
      else if (depth == 1 && key !== null && key == field) return unescape(json, i + 1, end);
      i = isKey ? next + 1 : end + 1;
      continue;
    }
    if (c == 0x7b || c == 0x5b) depth++;
    else if (c == 0x7d || c == 0x5d) depth--;
    else if (c == 0x2c && depth == 1) key = null;
    i++;
  }
  return null;
}

function stringEnd(json: string, start: i32): i32 {
  let i = start + 1;
  while (i < json.length && json.charCodeAt(i) != 0x22) i += json.charCodeAt(i) == 0x5c ? 2 : 1;
  return i;
}

function unescape(json: string, start: i32, end: i32): string {
  let out = "";
  let from = start;
  for (let i = start; i < end; i++) {
    if (json.charCodeAt(i) != 0x5c) continue;
    out += json.substring(from, i);
    i++;
    const c = json.charCodeAt(i);
    if (c == 0x75) {
      out += String.fromCharCode(<i32>U32.parseInt(json.substring(i + 1, i + 5), 16));
      i += 4;
    } else if (c == 0x6e) out += "\n";
    else if (c == 0x74) out += "\t";
    else if (c == 0x72) out += "\r";
    else if (c == 0x62) out += "\b";
    else if (c == 0x66) out += "\f";
    else out += String.fromCharCode(c);
    from = i + 1;
  }
  return out + json.substring(from, end);
}

/** A text as a JSON string, with its quotes. */
export function jsonText(text: string): string {
  let json = '"';
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c == 0x22 || c == 0x5c) json += "\\" + String.fromCharCode(c);
    else if (c < 0x20) json += "\\u00" + (c < 16 ? "0" : "") + c.toString(16);
    else json += String.fromCharCode(c);
  }
  return json + '"';
}
