import { NANO_USD_PER_USD } from '@trivet/contracts';
import { UsageError } from '../exit-codes.js';

/** A whole number from an option; undefined when it was not given. */
export function readWhole(value: unknown, option: string, { min = 0, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {}): number | undefined {
  if (value === undefined) return undefined;
  const text = String(value);
  if (!/^\d+$/.test(text) || Number(text) < min || Number(text) > max) throw new UsageError(`${option} must be a whole number ${max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`}, not '${text}'`);
  return Number(text);
}

/** Money is counted in nano-USD: a smaller amount would become 0, which is another limit than the one that was asked for. */
export function refuseBelowUnit(usd: number, text: string, option: string): void {
  if (usd > 0 && usd * NANO_USD_PER_USD < 1) throw new UsageError(`${option} ${text} is less than the smallest unit, 1 nano-USD (0.000000001 USD); give 0 or at least that much`);
}
