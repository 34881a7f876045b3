import { createTextSoFar } from './text-so-far.js';

const piece = (index: number, text: string, rest: object = {}) => ({ callId: 'a', index, text, ...rest });

describe('the text so far', () => {
  it('passes pieces on, and has nothing left at the end', () => {
    const text = createTextSoFar();
    expect([text.add(piece(0, 'one ')), text.add(piece(1, 'two')), text.finish('one two')]).toEqual(['one ', 'two', '']);
  });

  it('stops at a piece that was lost, and says the rest at the end', () => {
    const text = createTextSoFar();
    expect([text.add(piece(0, 'one ')), text.add(piece(2, 'three')), text.finish('one two three')]).toEqual(['one ', '', 'two three']);
  });

  it('passes nothing on when it came too late for the first piece', () => {
    const text = createTextSoFar();
    expect([text.add(piece(3, 'x')), text.finish('all of it')]).toEqual(['', 'all of it']);
  });

  it('goes on silently while an answer that began anew says the same', () => {
    const text = createTextSoFar();
    expect([text.add(piece(0, 'one two')), text.add(piece(1, 'one ', { restarted: true })), text.add(piece(2, 'two three')), text.finish('one two three four')]).toEqual(['one two', '', ' three', ' four']);
  });

  it('says another answer whole, after a blank line', () => {
    const text = createTextSoFar();
    expect([text.add(piece(0, 'one ')), text.add(piece(1, 'uno', { restarted: true })), text.finish('uno due')]).toEqual(['one ', '', '\n\nuno due']);
  });

  it('takes the pieces of a new attempt, with a call of its own, as a beginning', () => {
    const text = createTextSoFar();
    expect([text.add(piece(0, 'one ')), text.add(piece(0, 'one two', { callId: 'b' })), text.finish('one two')]).toEqual(['one ', 'two', '']);
  });
});
