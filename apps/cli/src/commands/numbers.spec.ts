import { UsageError } from '../exit-codes.js';
import { readWhole, refuseBelowUnit } from './numbers.js';

describe('readWhole', () => {
  it('reads a number, and nothing when none is given', () => {
    expect([readWhole('50', '--limit'), readWhole('0', '--after'), readWhole(undefined, '--limit')]).toEqual([50, 0, undefined]);
  });

  it.each(['x', '', '-1', '1.5', '201', '0'])("refuses '%s' and says it", (text) => {
    expect(() => readWhole(text, '--limit', { min: 1, max: 200 })).toThrow(new UsageError(`--limit must be a whole number from 1 to 200, not '${text}'`));
  });
});

describe('refuseBelowUnit', () => {
  it('names the amount and the smallest unit', () => {
    expect(() => refuseBelowUnit(0.0000000001, '0.0000000001', '--usd')).toThrow(/^--usd 0\.0000000001 is less than the smallest unit, 1 nano-USD \(0\.000000001 USD\)/);
  });

  it.each([0, 1e-9, 0.5])('takes %d', (usd) => {
    expect(() => refuseBelowUnit(usd, String(usd), '--usd')).not.toThrow();
  });
});
