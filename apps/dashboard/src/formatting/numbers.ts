const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const WHOLE = new Intl.NumberFormat('en');
const NANO = 1_000_000_000;

/** `1,234`, `45.6K`: short enough for a column. */
export const compact = (value: number): string => (Math.abs(value) < 10_000 ? WHOLE.format(value) : COMPACT.format(value));

export const whole = (value: number): string => WHOLE.format(value);

/** Money as people read it, from nano-USD; a small sum keeps enough digits to be seen. */
export function usd(nanoUsd: number): string {
  const value = nanoUsd / NANO;
  if (value === 0) return '$0';
  return Math.abs(value) < 0.01 ? `$${value.toPrecision(2)}` : `$${value.toFixed(2)}`;
}

/** `17 %`; 0 when the whole is not known. */
export const percent = (part: number, of: number): string => `${of > 0 ? Math.round((part / of) * 100) : 0} %`;

export function bytes(value: number): string {
  if (value < 1024) return `${value} B`;
  return value < 1024 * 1024 ? `${(value / 1024).toFixed(1)} KiB` : `${(value / 1024 / 1024).toFixed(1)} MiB`;
}

/** `3 steps`, `1 step`. */
export const count = (value: number, noun: string): string => `${WHOLE.format(value)} ${noun}${value === 1 ? '' : 's'}`;
