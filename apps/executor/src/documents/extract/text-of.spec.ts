import { describe, expect, it } from '@jest/globals';
import { textOf, type Line } from './text-of.js';

/** Lines of ten points, twelve apart; an empty one is a gap. */
const page = (text: string, size = 10): Line[] => text.split('\n').flatMap((line, index) => (line === '' ? [] : [{ text: line, y: 800 - index * 12, size }]));

describe('the text of a page', () => {
  it('has an empty line where there is a gap', () => {
    expect(textOf([page('one\ntwo\nthree\n\nfour\nfive')])).toEqual(['one\ntwo\nthree\n\nfour\nfive']);
  });

  it('has one at letters of another size, and where a column begins above', () => {
    expect(textOf([[{ text: 'Heading', y: 800, size: 18 }, ...page('a\nb').map((line) => ({ ...line, y: line.y - 24 })), { text: 'next column', y: 790, size: 10 }]])).toEqual(['Heading\n\na\nb\n\nnext column']);
  });

  it('puts words together that were parted, and leaves those that are written so', () => {
    expect(textOf([page('an exam-\nple, a well-known one,\nand a well-\nknown --help-dyn-\noptions, soft\u00ad\nly, Müller-\nMeier')])).toEqual(['an example, a well-known one,\nand a well-known --help-dyn-options, softly, Müller-\nMeier']);
  });

  it('joins Chinese lines without a space', () => {
    expect(textOf([page('青鸾智能成立于\n二零一八年，总部\nin Oslo')])).toEqual(['青鸾智能成立于二零一八年，总部\nin Oslo']);
  });

  it('drops control characters and rows of dots', () => {
    expect(textOf([page('Chap\u0000ter 1 . . . . . . . . 7\nChapter 2.........9\nand so on...')])).toEqual(['Chapter 1 … 7\nChapter 2 … 9\nand so on...']);
  });

  it('of nothing is nothing', () => {
    expect(textOf([[], page('x')])).toEqual(['', 'x']);
  });
});
