import { EventEmitter } from 'node:events';
import { endWhenReaderCloses } from './closed-reader.js';

describe('endWhenReaderCloses', () => {
  const watched = (): { stream: EventEmitter; ends: string[] } => {
    const stream = new EventEmitter();
    const ends: string[] = [];
    endWhenReaderCloses([stream], () => void ends.push('ended'));
    return { stream, ends };
  };

  it('ends when the reader has closed the pipe', () => {
    const { stream, ends } = watched();
    stream.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    expect(ends).toEqual(['ended']);
  });

  it('throws any other error', () => {
    const { stream, ends } = watched();
    expect(() => stream.emit('error', Object.assign(new Error('no space'), { code: 'ENOSPC' }))).toThrow('no space');
    expect(ends).toEqual([]);
  });
});
