import { accountKey, accountName, type AccountRef } from './ledger-keys.js';
import type { WindowLimits } from './accounts.js';
import type { CrossedThreshold, Metric, Reservation, ReserveAnswer } from './reserve.js';
import type { ReservationState, TransitionAnswer } from './transitions.js';

interface Figures {
  limit: number | null;
  used: number;
  held: number;
  toldFor: number | null;
}

interface Hold {
  state: ReservationState;
  fingerprint: string;
  amounts: Record<Metric, number>;
  charged: Record<Metric, number>;
  accounts: readonly AccountRef[];
  due: boolean;
  crossed: CrossedThreshold[];
}

const METRICS: readonly Metric[] = ['tokens', 'cost'];

/**
 * What the ledger should do, in plain TypeScript and one window (total): the yardstick the property test holds the
 * scripts against. It shares no code with them.
 */
export class LedgerModel {
  private readonly accounts = new Map<string, Record<Metric, Figures>>();
  private readonly holds = new Map<string, Hold>();

  setLimits(account: AccountRef, { limitTokens, limitNanoUsd }: WindowLimits): void {
    const figures = this.figuresOf(account);
    if (limitTokens !== undefined) figures.tokens.limit = limitTokens;
    if (limitNanoUsd !== undefined) figures.cost.limit = limitNanoUsd;
  }

  reserve({ reservationId, fingerprint, accounts, tokens, nanoUsd, leaseMs }: Reservation): ReserveAnswer {
    const before = this.holds.get(reservationId);
    if (before) return before.fingerprint === fingerprint ? replayOf(before) : { status: 'conflict' };
    const amounts = { tokens, cost: nanoUsd };
    const crossed: { notice: CrossedThreshold; figures: Figures }[] = [];
    for (const account of accounts) {
      for (const metric of METRICS) {
        const figures = this.figuresOf(account)[metric];
        const { used, held } = figures;
        const limit = figures.limit ?? Number.MAX_SAFE_INTEGER;
        const requested = amounts[metric];
        const name = accountName(account);
        if (requested > 0 && used + held + requested > limit) {
          return { status: 'denied', account: name, window: 'total', metric, limit, used, held, requested, remaining: Math.max(0, limit - used - held) };
        }
        if (figures.limit && (used + held + requested) * 5 >= limit * 4 && figures.toldFor !== limit) {
          crossed.push({ notice: { account, name, window: 'total', metric, limit, used, held: held + requested }, figures });
        }
      }
    }
    for (const account of accounts) for (const metric of METRICS) this.figuresOf(account)[metric].held += amounts[metric];
    for (const { notice, figures } of crossed) figures.toldFor = notice.limit;
    this.holds.set(reservationId, { state: 'held', fingerprint, amounts, charged: { tokens: 0, cost: 0 }, accounts, due: leaseMs === 0, crossed: crossed.map(({ notice }) => notice) });
    return { status: 'held', crossed: crossed.map(({ notice }) => notice) };
  }

  settle(id: string, tokens: number, nanoUsd: number): TransitionAnswer {
    return this.finish(id, 'settled', { tokens, cost: nanoUsd });
  }

  release(id: string): TransitionAnswer {
    return this.finish(id, 'released', { tokens: 0, cost: 0 });
  }

  extend(id: string, leaseMs: number): ReservationState | 'missing' {
    const hold = this.holds.get(id);
    if (hold?.state === 'held') hold.due = leaseMs === 0;
    return hold?.state ?? 'missing';
  }

  expireDue(): string[] {
    const due = [...this.holds].filter(([, hold]) => hold.state === 'held' && hold.due);
    for (const [id, hold] of due) this.finish(id, 'expired', hold.amounts);
    return due.map(([id]) => id).sort();
  }

  balances(account: AccountRef): Record<Metric, { limit: number | null; used: number; held: number }> {
    const { tokens, cost } = this.figuresOf(account);
    return { tokens: { limit: tokens.limit, used: tokens.used, held: tokens.held }, cost: { limit: cost.limit, used: cost.used, held: cost.held } };
  }

  private finish(id: string, state: 'settled' | 'released' | 'expired', amounts: Record<Metric, number>): TransitionAnswer {
    const hold = this.holds.get(id);
    if (!hold) return { status: 'missing' };
    if (hold.state === 'settled' || hold.state === 'released' || hold.state === state) return { status: 'replayed', state: hold.state };
    const corrected = hold.state === 'expired';
    for (const account of hold.accounts) {
      for (const metric of METRICS) {
        const figures = this.figuresOf(account)[metric];
        if (!corrected) figures.held -= hold.amounts[metric];
        figures.used += amounts[metric] - hold.charged[metric];
      }
    }
    hold.state = state;
    hold.charged = amounts;
    return { status: 'done', state, over: METRICS.some((metric) => amounts[metric] > hold.amounts[metric]), corrected };
  }

  private figuresOf(account: AccountRef): Record<Metric, Figures> {
    const key = accountKey(account);
    const known = this.accounts.get(key) ?? { tokens: emptyFigures(), cost: emptyFigures() };
    this.accounts.set(key, known);
    return known;
  }
}

const replayOf = ({ state, amounts, charged, crossed }: Hold): ReserveAnswer => ({
  status: 'replayed',
  state,
  tokens: amounts.tokens,
  nanoUsd: amounts.cost,
  chargedTokens: charged.tokens,
  chargedNanoUsd: charged.cost,
  crossed,
});

const emptyFigures = (): Figures => ({ limit: null, used: 0, held: 0, toldFor: null });
