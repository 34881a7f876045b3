import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FrameReader, encodeFrame, type Frame } from '../../src/sandbox/frames.js';
import { readDoneHeader } from '../../src/sandbox/done-header.js';
import { deadlineOf, settingsOf } from './fuzz.config.js';
import { Witness } from './witness.js';

const MAX_FRAME_BYTES = 4000;

const header = fc.oneof(fc.jsonValue({ maxDepth: 4 }), fc.record({ failure: fc.jsonValue({ maxDepth: 3 }), wallMs: fc.jsonValue(), cpuMs: fc.nat(), peakMemoryBytes: fc.nat() }));
const proper = fc.tuple(fc.nat(255), header, fc.uint8Array({ maxLength: 500 })).map(([type, head, payload]) => encodeFrame(type, head, payload));
/** A proper frame in which some bytes are others: lengths that lie, headers that break off. */
const spoilt = fc.tuple(proper, fc.array(fc.tuple(fc.nat(40), fc.nat(255)), { minLength: 1, maxLength: 3 })).map(([frame, changes]) => {
  for (const [at, value] of changes) if (at < frame.length) frame[at] = value;
  return frame;
});
const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
const stream = fc.array(fc.oneof({ weight: 3, arbitrary: proper }, { weight: 2, arbitrary: spoilt }, { weight: 1, arbitrary: noise }), { minLength: 1, maxLength: 4 });
const pieces = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 });

/** Reads a stream cut into pieces of these sizes: all frames up to the first mistake, and what that was. */
function readAll(bytes: Buffer, sizes: readonly number[]): { frames: Frame[]; mistake: unknown } {
  const reader = new FrameReader(MAX_FRAME_BYTES);
  const frames: Frame[] = [];
  let position = 0;
  for (let index = 0; position < bytes.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1;
    try {
      const frame = reader.push(bytes.subarray(position, position + size));
      if (frame) frames.push(frame);
    } catch (mistake) {
      return { frames, mistake };
    }
    position += size;
  }
  return { frames, mistake: null };
}

describe('the reader of frames', () => {
  it('gives back each frame, however it is cut', async () => {
    const witness = new Witness();
    fc.assert(fc.property(fc.nat(255), header, fc.uint8Array({ maxLength: 900 }), pieces, (type, head, payload, sizes) => {
      const { frames, mistake } = readAll(encodeFrame(type, head, payload), sizes);
      expect(mistake).toBeNull();
      expect(frames.map((frame) => [frame.type, JSON.stringify(frame.header), Buffer.from(frame.payload)])).toEqual([[type, JSON.stringify(head), Buffer.from(payload)]]);
    }), settingsOf('frames'));
    witness.check();
  }, deadlineOf('frames'));

  it('ends every other stream with a sentence, and believes no header that is not one', async () => {
    const witness = new Witness();
    let mistakes = 0;
    fc.assert(fc.property(stream, pieces, (parts, sizes) => {
      const { frames, mistake } = readAll(Buffer.concat(parts), sizes);
      if (mistake !== null) {
        mistakes += 1;
        expect(mistake instanceof Error ? mistake.message : mistake).toMatch(/^it sent /);
      }
      for (const { header: said } of frames) {
        const read = readDoneHeader(said);
        if (read) expect([typeof read.wallMs, typeof read.cpuMs, typeof read.peakMemoryBytes, typeof read.failure]).toEqual(['number', 'number', 'number', 'object']);
      }
    }), settingsOf('frames'));
    witness.check();
    expect(mistakes).toBeGreaterThan(settingsOf('frames').numRuns / 10);
  }, deadlineOf('frames'));
});
