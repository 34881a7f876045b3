import { inflateSync } from 'node:zlib';

export interface BufferBounds {
  /** Of one buffer, and of what one stream inflates to. */
  largestBytes: number;
  /** Of all buffers over 1 MiB together, kept or not. */
  allBytes: number;
  exceeded: () => never;
}

export class TooLarge extends Error {}

const SMALL_BYTES = 1_048_576;

/**
 * Bounds the buffers of this process. What a stream of a PDF inflates to lies outside of the heap of V8, so that no option of Node counts it, and
 * a kilobyte of PDF can make a gigabyte of it.
 */
export function boundBuffers({ largestBytes, allBytes, exceeded }: BufferBounds): void {
  let taken = 0;
  const take = (bytes: number): void => {
    if (bytes <= SMALL_BYTES) return;
    taken += bytes;
    if (bytes > largestBytes || taken > allBytes) exceeded();
  };
  const Bytes = globalThis.Uint8Array;
  globalThis.Uint8Array = new Proxy(Bytes, {
    construct(target, given, newTarget) {
      if (typeof given[0] === 'number') take(given[0]);
      return Reflect.construct(target, given, newTarget === globalThis.Uint8Array ? target : newTarget);
    },
  });
  Reflect.set(globalThis, 'DecompressionStream', boundedInflate(largestBytes, take, exceeded));
  for (const name of ['CompressionStream', 'fetch', 'WebSocket', 'EventSource', 'WebAssembly', 'navigator', 'BroadcastChannel']) Reflect.deleteProperty(globalThis, name);
}

/** In place of DecompressionStream, which knows no bound. pdf.js writes a whole stream at once, and inflates it by itself when this throws. */
function boundedInflate(largestBytes: number, take: (bytes: number) => void, exceeded: () => never): unknown {
  return class {
    readonly writable;
    readonly readable;
    constructor(format: string) {
      if (format !== 'deflate') throw new TypeError(`there is no inflating of ${format} here`);
      let give: (bytes: Uint8Array) => void = () => undefined;
      const given = new Promise<Uint8Array>((resolve) => (give = resolve));
      this.writable = { getWriter: () => ({ ready: Promise.resolve(), close: () => Promise.resolve(), write: (bytes: Uint8Array) => Promise.resolve(give(bytes)) }) };
      this.readable = (async function* inflated() {
        const bytes = inflate(await given);
        take(bytes.length);
        yield bytes;
      })();
    }
  };

  function inflate(bytes: Uint8Array): Uint8Array {
    try {
      return inflateSync(bytes, { maxOutputLength: largestBytes });
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') exceeded();
      throw error;
    }
  }
}
