import { detailWithReason, readReason } from './reason.js';

describe('the reason of a change', () => {
  it.each([['raise%20it', 'raise it'], ['50 % more', '50 % more'], ['%E9%A2%84%E7%AE%97', '预算'], ['  ', '']])('reads %j as %j', (header, reason) => expect(readReason(header)).toBe(reason));

  it('is bounded', () => expect(readReason('x'.repeat(5_000))).toHaveLength(1_000));

  it('stands behind what was done, once', () => {
    expect(detailWithReason('version 2', 'better words')).toBe('version 2; reason: better words');
    expect(detailWithReason('', 'better words')).toBe('better words');
    expect(detailWithReason('better words', 'better words')).toBe('better words');
    expect(detailWithReason(null, null)).toBeNull();
  });
});
