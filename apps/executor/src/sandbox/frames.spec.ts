import { describe, expect, it } from '@jest/globals';
import { FRAME, FrameReader, decodeFrame, encodeFrame } from './frames.js';

describe('frames', () => {
  it('come out as they went in', () => {
    const payload = Buffer.from('你好 🌍');
    const frame = encodeFrame(FRAME.host, { name: 'http', text: 'ünï' }, payload);
    expect(decodeFrame(frame.subarray(4))).toEqual({ type: FRAME.host, header: { name: 'http', text: 'ünï' }, payload });
  });

  it('come out whole however the stream is cut, one after the other', () => {
    const frames = [encodeFrame(1, { a: 1 }, Buffer.alloc(300, 7)), encodeFrame(2, {}), encodeFrame(3, { c: 3 }, Buffer.from('x'))];
    for (const size of [1, 2, 3, 5, 7, 100, 1000]) {
      const reader = new FrameReader(1000);
      const came = frames.map((frame) => {
        let whole = null;
        for (let at = 0; at < frame.length; at += size) whole = reader.push(frame.subarray(at, at + size));
        return [whole?.type, whole?.payload.length];
      });
      expect(came).toEqual([[1, 300], [2, 0], [3, 1]]);
    }
  });

  it('may not be followed by anything before they are answered', () => {
    const one = encodeFrame(1, { a: 1 });
    expect(() => new FrameReader(1000).push(Buffer.concat([one, one]))).toThrow('before its frame was answered');
    expect(() => new FrameReader(1000).push(Buffer.concat([one, Buffer.of(0)]))).toThrow('before its frame was answered');
  });

  it('are refused when they claim more than the limit, before it is there', () => {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(1001, 0);
    expect(() => new FrameReader(1000).push(head)).toThrow('1001 bytes; the limit is 1000');
  });

  it('take no more memory than what came, whatever they claim', () => {
    const before = process.memoryUsage().arrayBuffers;
    const head = Buffer.alloc(4);
    head.writeUInt32LE(1_000_000_000, 0);
    const readers = Array.from({ length: 20 }, () => new FrameReader(2_000_000_000));
    for (const reader of readers) for (const piece of [head, Buffer.of(1), Buffer.alloc(100)]) expect(reader.push(piece)).toBeNull();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 * 200_000);
  });

  it('are refused when their header is longer than they are, or than any header', () => {
    const frame = encodeFrame(1, { a: 1 });
    frame.writeUInt32LE(5000, 5);
    expect(() => new FrameReader(1000).push(frame)).toThrow('with a header of 5000');
    expect(() => new FrameReader(1_000_000).push(encodeFrame(1, 'x'.repeat(70_000)))).toThrow('the limit is 65536');
    expect(() => decodeFrame(Buffer.of(1, 0, 0))).toThrow('3 bytes; the least is 5');
  });

  it('are refused when their header is not JSON', () => {
    const frame = encodeFrame(1, {});
    frame.write('{{', 9);
    expect(() => new FrameReader(1000).push(frame)).toThrow('not JSON');
  });
});
