import { readSync, writeSync } from 'node:fs';
import { FRAME_LENGTH_BYTES, decodeFrame, encodeFrame, type Frame } from '../frames.js';

/** The pipe to the pool. It blocks: a plugin's host call waits here, and so does a slot without work. */
const PIPE = 3;

/** The next frame. The end of the pipe means the pool is gone, and so is the reason to live. */
export function readFrame(): Frame {
  const length = readBytes(FRAME_LENGTH_BYTES).readUInt32LE(0);
  return decodeFrame(readBytes(length));
}

export function writeFrame(type: number, header: unknown, payload?: Uint8Array): void {
  const frame = encodeFrame(type, header, payload);
  let sent = 0;
  while (sent < frame.length) sent += writeSync(PIPE, frame, sent, frame.length - sent);
}

function readBytes(count: number): Buffer {
  const buffer = Buffer.allocUnsafe(count);
  let read = 0;
  while (read < count) {
    const got = readSync(PIPE, buffer, read, count - read, null);
    if (got === 0) process.exit(0);
    read += got;
  }
  return buffer;
}
