import { HostError, http, kv, log } from '@trivet/tool-sdk/guest';

interface Exchanged {
  amount: number;
  rate: number;
  /** Where the rate is from: the service, this workflow's memory of it, or the caller. */
  source: 'service' | 'workflow' | 'caller';
}

/**
 * Exchanges an amount of money by the rate of a service of the team (`rates.trivet.internal`, which the operator sets up with its key). The rate is asked
 * for once in a workflow, so that all of its steps reckon with the same; where there is no service, that of the caller is taken.
 */
export function run({ amount, from, to, rate }: { amount: number; from: string; to: string; rate?: number }): Exchanged {
  const key = `rate/${from}/${to}`;
  const known = kv.get(key);
  if (typeof known === 'number') return exchanged(amount, known, 'workflow');
  try {
    const asked = askService(from, to);
    kv.set(key, asked);
    return exchanged(amount, asked, 'service');
  } catch (error) {
    // Not set up here. Every other failure is one, and ends the call.
    if (!(error instanceof HostError) || error.code !== 'capability_unavailable') throw error;
    if (rate === undefined) throw new Error('There is no service for rates, and the input has no rate.');
    log('the rate of the caller is taken', { from, to, reason: error.message });
    return exchanged(amount, rate, 'caller');
  }
}

function askService(from: string, to: string): number {
  const { status, body } = http({ url: `http://rates.trivet.internal/latest?base=${encodeURIComponent(from)}&symbols=${encodeURIComponent(to)}` });
  if (status !== 200) throw new Error(`The service for rates answered with status ${status}.`);
  const { rates }: { rates?: Record<string, unknown> } = JSON.parse(body);
  const rate = rates?.[to];
  if (typeof rate !== 'number' || !(rate > 0)) throw new Error(`The service for rates has none from ${from} to ${to}.`);
  return rate;
}

/** To the cent, half a cent up. */
const exchanged = (amount: number, rate: number, source: Exchanged['source']): Exchanged => ({ amount: Math.round(amount * rate * 100) / 100, rate, source });
