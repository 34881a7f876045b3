import { boundedSchema } from './bounded.js';

const { compile } = boundedSchema({}, 'the input of a');
const idle = new Int32Array(new SharedArrayBuffer(4));

describe('compiling in bounded time', () => {
  it('ends what uses the processor for longer than that', () => {
    const began = performance.now();
    expect(() => compile(() => { for (;;) if (performance.now() < 0) return; })).toThrow('compiling the schema of the input of a took longer than');
    expect(performance.now() - began).toBeLessThan(60_000);
  });

  it('begins anew where the machine gave it none', () => {
    let goes = 0;
    const work = (): number => {
      goes += 1;
      Atomics.wait(idle, 0, 0, goes === 1 ? 30_000 : 1_500);
      return goes;
    };
    expect(compile(work)).toBe(2);
  });
});
