import { compact, count, percent, usd } from './numbers.js';
import { duration, relative, tookMs } from './times.js';

describe('numbers', () => {
  it.each([[0, '0'], [9_999, '9,999'], [12_345, '12.3K'], [2_000_000, '2M']])('writes %d as %s', (value, text) => expect(compact(value)).toBe(text));
  it.each([[0, '$0'], [1_234, '$0.0000012'], [12_000_000, '$0.01'], [2_500_000_000, '$2.50']])('writes %d nano-USD as %s', (value, text) => expect(usd(value)).toBe(text));
  it('has no share of nothing', () => expect([percent(1, 0), percent(1, 3)]).toEqual(['0 %', '33 %']));
  it('knows one from many', () => expect([count(1, 'step'), count(0, 'step')]).toEqual(['1 step', '0 steps']));
});

describe('times', () => {
  it.each([[12, '12 ms'], [4_200, '4.2 s'], [42_000, '42 s'], [200_000, '3 min 20 s'], [7_500_000, '2 h 5 min'], [273_600_000, '3 d 4 h']])('writes %d ms as %s', (ms, text) => expect(duration(ms)).toBe(text));
  it('tells the past from the future', () => expect([relative(0, 12_500), relative(200_000, 0), relative(5, 6)]).toEqual(['12 s ago', 'in 3 min', 'now']));
  it('goes on while something runs', () => expect([tookMs(null, null, 9), tookMs('1970-01-01T00:00:01Z', null, 3_000), tookMs('1970-01-01T00:00:01Z', '1970-01-01T00:00:02Z', 9_000)]).toEqual([undefined, 2_000, 1_000]));
});
