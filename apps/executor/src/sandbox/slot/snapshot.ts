import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** As much as the tools of a workflow may keep besides. A script with more in its memory is run again. */
export const MAX_SNAPSHOT_BYTES = 1_048_576;
/** Its copies have to fit into the process beside it. */
const MAX_MEMORY_BYTES = 16 * 1_048_576;
const PAGE_BYTES = 65_536;
const WORD_BYTES = 4;
const QUICKEST = 1;

/**
 * What an instance has in its memory, as the difference to that of a new one: a few per cent of it. Only for a module whose
 * globals are as they were when a call returns, which holds for our interpreter (its stack is empty then). Null: it is too large.
 */
export function takeSnapshot(memory: Uint8Array, fresh: Uint8Array): Uint8Array | null {
  if (memory.length > MAX_MEMORY_BYTES) return null;
  const difference = memory.slice();
  combine(difference, fresh);
  const packed = deflateRawSync(difference, { level: QUICKEST });
  return packed.length <= MAX_SNAPSHOT_BYTES ? packed : null;
}

/** Makes the memory of a new instance what it was. Throws an Error when that is not possible; the instance is of no use then. */
export function restoreSnapshot(memory: WebAssembly.Memory, snapshot: Uint8Array): void {
  const difference = inflateRawSync(snapshot, { maxOutputLength: MAX_MEMORY_BYTES });
  const missing = difference.length - memory.buffer.byteLength;
  if (missing < 0 || difference.length % PAGE_BYTES !== 0) throw new Error(`a snapshot of ${difference.length} bytes does not fit a memory of ${memory.buffer.byteLength}`);
  if (missing > 0) memory.grow(missing / PAGE_BYTES);
  // What is new is zero, so that one rule holds for all of it.
  combine(new Uint8Array(memory.buffer), new Uint8Array(difference.buffer, difference.byteOffset, difference.length));
}

/** Bit by bit, into the first; done again it is undone. Both begin at a whole word, or the second is copied to where it does. */
function combine(into: Uint8Array, other: Uint8Array): void {
  const aligned = other.byteOffset % WORD_BYTES === 0 ? other : other.slice();
  const words = new Uint32Array(into.buffer, into.byteOffset, into.length / WORD_BYTES);
  const given = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / WORD_BYTES);
  for (let index = 0; index < given.length; index += 1) words[index] = (words[index] ?? 0) ^ (given[index] ?? 0);
}
