/** Reading and writing of the WebAssembly binary format: just enough for baking a plugin and for admission. */

export const WASM_PAGE_BYTES = 65_536;
export const WASM_HEADER = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** Section ids of the core specification that Trivet looks into. */
export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
} as const;

export interface WasmSection {
  id: number;
  body: Uint8Array;
}

/** Thrown for bytes that are not a module of the core format, version 1. */
export class WasmFormatError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'WasmFormatError';
  }
}

// One for all: a module may hold a million names.
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** A cursor over bytes that refuses to read past their end. */
export class WasmReader {
  position = 0;
  constructor(readonly bytes: Uint8Array) {}

  get atEnd(): boolean {
    return this.position >= this.bytes.length;
  }

  byte(): number {
    const value = this.bytes[this.position];
    if (value === undefined) throw new WasmFormatError(`the module ends in the middle of a value, at byte ${this.position}`);
    this.position += 1;
    return value;
  }

  /** An unsigned 32-bit LEB128 number; at most five bytes, as the specification says. */
  u32(): number {
    let value = 0;
    for (let index = 0; index < 5; index += 1) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** (7 * index);
      if ((byte & 0x80) === 0) {
        if (value > 0xffff_ffff) break;
        return value;
      }
    }
    throw new WasmFormatError(`a number at byte ${this.position} has more than 32 bits`);
  }

  take(length: number): Uint8Array {
    const end = this.position + length;
    if (end > this.bytes.length) throw new WasmFormatError(`the module is truncated: it needs byte ${end} and has ${this.bytes.length}`);
    const slice = this.bytes.subarray(this.position, end);
    this.position = end;
    return slice;
  }

  name(): string {
    const bytes = this.take(this.u32());
    try {
      return strictUtf8.decode(bytes);
    } catch {
      throw new WasmFormatError(`a name before byte ${this.position} is not UTF-8`);
    }
  }
}

/** The specification knows 13 kinds; compilers add a few of their own for names and debugging. */
const MOST_SECTIONS = 1000;

/** Splits a module into its sections. Throws WasmFormatError. */
export function readSections(module: Uint8Array): WasmSection[] {
  if (module.length < 8 || !WASM_HEADER.every((byte, index) => module[index] === byte)) {
    throw new WasmFormatError('it does not begin with the header of a core module, version 1');
  }
  const reader = new WasmReader(module);
  reader.position = 8;
  const sections: WasmSection[] = [];
  while (!reader.atEnd) {
    if (sections.length >= MOST_SECTIONS) throw new WasmFormatError(`it has more than ${MOST_SECTIONS} sections`);
    const id = reader.byte();
    sections.push({ id, body: reader.take(reader.u32()) });
  }
  return sections;
}

export function writeSections(sections: readonly WasmSection[]): Uint8Array {
  return concatBytes([WASM_HEADER, ...sections.flatMap(({ id, body }) => [Uint8Array.of(id, ...unsignedLeb(body.length)), body])]);
}

export function unsignedLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return bytes;
}

export function signedLeb(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    const done = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
