import { SECTION, WASM_PAGE_BYTES, WasmReader, concatBytes, readSections, signedLeb, unsignedLeb, writeSections } from './wasm-binary.js';

export interface Snapshot {
  /** The whole linear memory at the moment of the snapshot. */
  memory: Uint8Array;
  /** The values of exported mutable globals by name; all others keep their initial value. */
  globals: ReadonlyMap<string, bigint>;
  maxPages: number;
  /** The exports the finished module keeps. */
  exports: ReadonlySet<string>;
}

/** A module that starts where the snapshot was taken: the memory becomes data segments, globals their values. */
export function freeze(module: Uint8Array, snapshot: Snapshot): Uint8Array {
  const sections = readSections(module);
  const exportBody = sections.find(({ id }) => id === SECTION.export)?.body;
  if (!exportBody) throw new Error('The module to freeze has no exports.');
  const exported = readExports(exportBody);
  const globals = new Map<number, bigint>();
  for (const { name, kind, index } of exported) {
    const value = snapshot.globals.get(name);
    if (kind === EXPORT_GLOBAL && value !== undefined) globals.set(index, value);
  }
  const kept = exported.filter(({ name }) => snapshot.exports.has(name));
  const rewritten = sections
    .filter(({ id }) => id !== SECTION.custom && id !== SECTION.dataCount)
    .map(({ id, body }) => {
      if (id === SECTION.memory) return { id, body: memorySection(snapshot) };
      if (id === SECTION.global) return { id, body: globalSection(body, globals) };
      if (id === SECTION.export) return { id, body: exportSection(kept) };
      if (id === SECTION.data) return { id, body: dataSection(snapshot.memory) };
      return { id, body };
    });
  return writeSections(rewritten);
}

const EXPORT_GLOBAL = 3;

interface ExportEntry {
  name: string;
  kind: number;
  index: number;
}

function readExports(body: Uint8Array): ExportEntry[] {
  const reader = new WasmReader(body);
  return Array.from({ length: reader.u32() }, () => ({ name: reader.name(), kind: reader.byte(), index: reader.u32() }));
}

function exportSection(entries: readonly ExportEntry[]): Uint8Array {
  const encoder = new TextEncoder();
  return concatBytes([
    Uint8Array.from(unsignedLeb(entries.length)),
    ...entries.flatMap(({ name, kind, index }) => {
      const bytes = encoder.encode(name);
      return [Uint8Array.from(unsignedLeb(bytes.length)), bytes, Uint8Array.of(kind, ...unsignedLeb(index))];
    }),
  ]);
}

function memorySection({ memory, maxPages }: Snapshot): Uint8Array {
  return Uint8Array.of(1, 1, ...unsignedLeb(memory.length / WASM_PAGE_BYTES), ...unsignedLeb(maxPages));
}

const I32_CONST = 0x41;
const I64_CONST = 0x42;
const END = 0x0b;

function globalSection(body: Uint8Array, values: ReadonlyMap<number, bigint>): Uint8Array {
  const reader = new WasmReader(body);
  const count = reader.u32();
  const parts: Uint8Array[] = [Uint8Array.from(unsignedLeb(count))];
  for (let index = 0; index < count; index += 1) {
    const start = reader.position;
    reader.take(2);
    const constant = reader.byte();
    if (constant !== I32_CONST && constant !== I64_CONST) throw new Error(`Global ${index} of the interpreter is not an integer constant.`);
    while (reader.byte() & 0x80) continue;
    if (reader.byte() !== END) throw new Error(`Global ${index} of the interpreter has a computed value.`);
    const value = values.get(index);
    const original = body.subarray(start, reader.position);
    parts.push(value === undefined ? original : Uint8Array.of(...original.subarray(0, 2), constant, ...signedLeb(value), END));
  }
  return concatBytes(parts);
}

/** Gaps of zeros shorter than this stay inside a segment: a segment's own header costs about as much. */
const MIN_GAP_BYTES = 32;

function dataSection(memory: Uint8Array): Uint8Array {
  const segments: Uint8Array[] = [];
  for (const [start, end] of nonZeroRuns(memory)) {
    segments.push(Uint8Array.of(0, I32_CONST, ...signedLeb(BigInt(start)), END, ...unsignedLeb(end - start)), memory.subarray(start, end));
  }
  return concatBytes([Uint8Array.from(unsignedLeb(segments.length / 2)), ...segments]);
}

function* nonZeroRuns(memory: Uint8Array): Generator<[number, number]> {
  let start = -1;
  let last = 0;
  for (let index = 0; index < memory.length; index += 1) {
    if (memory[index] === 0) continue;
    if (start >= 0 && index - last > MIN_GAP_BYTES) {
      yield [start, last + 1];
      start = index;
    }
    if (start < 0) start = index;
    last = index;
  }
  if (start >= 0) yield [start, last + 1];
}
