import { FailureError, type VendorBook } from '@trivet/contracts';
import type { Ledger } from '@trivet/state';

const GLOBAL = { scope: 'global', tenant: 'default', id: 'global' } as const;

/**
 * The books of a day against the ledger. Both are written by one script, so a difference means that Redis lost data, or
 * that charges were restored from the journal, which knows no vendors.
 * @param day YYYY-MM-DD (UTC); undefined: today
 */
export async function reconcile(ledger: Pick<Ledger, 'readVendorBook' | 'readDay'>, day: string | undefined, today: string): Promise<VendorBook> {
  const wanted = day ?? today;
  if (!isDay(wanted)) throw new FailureError('invalid_request', `day must be a date such as ${today}, not ${JSON.stringify(wanted.slice(0, 40))}.`);
  const [book, used] = await Promise.all([ledger.readVendorBook(wanted), ledger.readDay(GLOBAL, wanted)]);
  const charges = book.vendors.flatMap(({ reported, estimated, lapsed }) => [reported, estimated, lapsed]);
  const total = { tokens: sum(charges.map(({ tokens }) => tokens)), nanoUsd: sum(charges.map(({ nanoUsd }) => nanoUsd)) };
  return { day: wanted, ...book, total, ledger: used, difference: used && { tokens: used.usedTokens - total.tokens, nanoUsd: used.usedNanoUsd - total.nanoUsd } };
}

const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
