/**
 * The frames on the pipe between the pool and a slot: [u32 length of the rest][u8 type][u32 header length][header JSON][payload].
 * Both sides use this file; the slot reads and writes blocking, the pool as a stream.
 */
export const FRAME = {
  /** pool → slot: the bytes of a module, to be kept under its digest. */
  module: 1,
  /** pool → slot: run a call; the payload is the input. */
  call: 2,
  /** pool → slot: the answer to a host call. */
  reply: 3,
  /** pool → slot: try to break out and say what happened. */
  probe: 4,
  /** slot → pool: booted. */
  ready: 10,
  /** slot → pool: a host call of the plugin; it waits. */
  host: 11,
  /** slot → pool: the call is over; the payload is the output. */
  done: 12,
  /** slot → pool: the answer to a probe. */
  probed: 13,
} as const;

export interface Frame {
  type: number;
  /** Parsed JSON; who reads it checks its form. */
  header: unknown;
  payload: Uint8Array;
}

export const FRAME_LENGTH_BYTES = 4;
const FIXED_BYTES = 5;

export function encodeFrame(type: number, header: unknown, payload: Uint8Array = new Uint8Array(0)): Buffer {
  const head = Buffer.from(JSON.stringify(header));
  const frame = Buffer.allocUnsafe(FRAME_LENGTH_BYTES + FIXED_BYTES + head.length + payload.length);
  frame.writeUInt32LE(FIXED_BYTES + head.length + payload.length, 0);
  frame.writeUInt8(type, 4);
  frame.writeUInt32LE(head.length, 5);
  head.copy(frame, 9);
  frame.set(payload, 9 + head.length);
  return frame;
}

/** Decodes what follows the length. Throws on anything malformed. */
export function decodeFrame(body: Buffer): Frame {
  const headerEnd = FIXED_BYTES + body.readUInt32LE(1);
  if (headerEnd > body.length) throw new Error('A frame of the sandbox pipe is malformed.');
  const header: unknown = JSON.parse(body.toString('utf8', FIXED_BYTES, headerEnd));
  return { type: body.readUInt8(0), header, payload: body.subarray(headerEnd) };
}

/** Cuts a stream of chunks into frames; throws when one claims to be longer than the limit. */
export class FrameSplitter {
  private chunks: Buffer[] = [];
  private length = 0;

  constructor(private readonly maxFrameBytes: number) {}

  *push(chunk: Buffer): Generator<Frame> {
    this.chunks.push(chunk);
    this.length += chunk.length;
    while (this.length >= FRAME_LENGTH_BYTES) {
      const size = this.peekLength();
      if (size > this.maxFrameBytes) throw new Error(`A sandbox process sent a frame of ${size} bytes; the limit is ${this.maxFrameBytes}.`);
      if (this.length < FRAME_LENGTH_BYTES + size) return;
      const whole = this.join();
      yield decodeFrame(whole.subarray(FRAME_LENGTH_BYTES, FRAME_LENGTH_BYTES + size));
      const rest = whole.subarray(FRAME_LENGTH_BYTES + size);
      this.chunks = rest.length > 0 ? [rest] : [];
      this.length = rest.length;
    }
  }

  private peekLength(): number {
    const first = this.chunks[0];
    return (first && first.length >= FRAME_LENGTH_BYTES ? first : this.join()).readUInt32LE(0);
  }

  private join(): Buffer {
    const [first, ...others] = this.chunks;
    const whole = first && others.length === 0 ? first : Buffer.concat(this.chunks);
    this.chunks = [whole];
    return whole;
  }
}
