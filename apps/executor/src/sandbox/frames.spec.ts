import { describe, expect, it } from '@jest/globals';
import { FRAME, FrameSplitter, decodeFrame, encodeFrame, type Frame } from './frames.js';

const split = (splitter: FrameSplitter, chunk: Buffer): Frame[] => [...splitter.push(chunk)];

describe('frames', () => {
  it('come out as they went in', () => {
    const payload = Buffer.from('你好 🌍');
    const frame = encodeFrame(FRAME.host, { name: 'http', text: 'ünï' }, payload);
    expect(decodeFrame(frame.subarray(4))).toEqual({ type: FRAME.host, header: { name: 'http', text: 'ünï' }, payload });
  });

  it('come out whole however the stream is cut', () => {
    const stream = Buffer.concat([encodeFrame(1, { a: 1 }, Buffer.alloc(300, 7)), encodeFrame(2, {}), encodeFrame(3, { c: 3 }, Buffer.from('x'))]);
    for (const size of [1, 2, 3, 5, 7, 100, stream.length]) {
      const splitter = new FrameSplitter(1000);
      const types: number[] = [];
      for (let at = 0; at < stream.length; at += size) types.push(...split(splitter, stream.subarray(at, at + size)).map(({ type }) => type));
      expect(types).toEqual([1, 2, 3]);
    }
  });

  it('are refused when they claim more than the limit, before it is there', () => {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(1001, 0);
    expect(() => split(new FrameSplitter(1000), head)).toThrow('1001 bytes; the limit is 1000');
  });

  it('are refused when their header is longer than they are', () => {
    const frame = encodeFrame(1, { a: 1 });
    frame.writeUInt32LE(5000, 5);
    expect(() => split(new FrameSplitter(1000), frame)).toThrow('malformed');
  });
});
