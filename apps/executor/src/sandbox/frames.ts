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

/** More than the header of any frame that a slot of ours sends. A longer one is not even parsed. */
export const MAX_HEADER_BYTES = 65_536;

/** Decodes what follows the length. Throws on anything malformed. */
export function decodeFrame(body: Buffer): Frame {
  if (body.length < FIXED_BYTES) throw new Error(`it sent a frame of ${body.length} bytes; the least is ${FIXED_BYTES}`);
  const headerBytes = body.readUInt32LE(1);
  if (FIXED_BYTES + headerBytes > body.length || headerBytes > MAX_HEADER_BYTES) throw new Error(`it sent a frame of ${body.length} bytes with a header of ${headerBytes}; the limit is ${MAX_HEADER_BYTES}`);
  return { type: body.readUInt8(0), header: parseHeader(body.toString('utf8', FIXED_BYTES, FIXED_BYTES + headerBytes)), payload: body.subarray(FIXED_BYTES + headerBytes) };
}

function parseHeader(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('it sent a frame whose header is not JSON');
  }
}

const FIRST_BUFFER_BYTES = 65_536;

/**
 * Puts the chunks of a stream together to frames. Pool and slot take turns, so nothing may follow a frame before it was
 * answered. Throws when something does, or when a frame claims to be longer than the limit. What is kept is in
 * proportion to what came, not to what was claimed, and however small the pieces it came in.
 */
export class FrameReader {
  private readonly head = Buffer.alloc(FRAME_LENGTH_BYTES);
  private headLength = 0;
  private size = 0;
  private body = Buffer.alloc(0);
  private length = 0;

  constructor(private readonly maxFrameBytes: number) {}

  /** The frame that this chunk completes, or null when more must come. */
  push(chunk: Buffer): Frame | null {
    const rest = this.headLength < FRAME_LENGTH_BYTES ? this.takeHead(chunk) : chunk;
    if (this.headLength < FRAME_LENGTH_BYTES) return null;
    if (this.length + rest.length > this.size) throw new Error('it sent more before its frame was answered');
    // The common case: the whole frame in one piece needs no copy.
    const whole = this.length === 0 && rest.length === this.size ? rest : this.append(rest);
    if (!whole) return null;
    this.headLength = 0;
    this.length = 0;
    this.body = Buffer.alloc(0);
    return decodeFrame(whole);
  }

  private takeHead(chunk: Buffer): Buffer {
    const taken = chunk.copy(this.head, this.headLength);
    this.headLength += taken;
    if (this.headLength === FRAME_LENGTH_BYTES) this.size = this.head.readUInt32LE(0);
    if (this.size > this.maxFrameBytes) throw new Error(`it sent a frame of ${this.size} bytes; the limit is ${this.maxFrameBytes}`);
    return chunk.subarray(taken);
  }

  private append(rest: Buffer): Buffer | null {
    const wanted = this.length + rest.length;
    if (wanted > this.body.length) {
      const larger = Buffer.alloc(Math.min(this.size, Math.max(FIRST_BUFFER_BYTES, 2 * wanted)));
      this.body.copy(larger, 0, 0, this.length);
      this.body = larger;
    }
    rest.copy(this.body, this.length);
    this.length = wanted;
    return wanted === this.size ? this.body.subarray(0, wanted) : null;
  }
}
