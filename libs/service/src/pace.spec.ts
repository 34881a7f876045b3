import { createPace } from './index.js';

const after = (...times: number[]): number => {
  const pace = createPace();
  for (const ms of times) pace.took(ms);
  return pace.callsPerSlot(2);
};
const times = (count: number, ms: number): number[] => Array.from({ length: count }, () => ms);

describe('a pace', () => {
  it('keeps to the least until it knows better', () => {
    expect(after()).toBe(2);
    expect(after(1)).toBe(2);
  });

  it('has many short calls at hand, within bounds', () => {
    expect(after(...times(100, 5))).toBe(8);
    expect(after(...times(100, 0.1))).toBe(32);
  });

  it('falls back with the first long call, and needs many short ones to rise again', () => {
    expect(after(...times(100, 1), 2_000)).toBe(2);
    expect(after(...times(100, 1), 2_000, ...times(20, 1))).toBe(2);
    expect(after(...times(100, 1), 2_000, ...times(100, 1))).toBe(32);
  });
});
