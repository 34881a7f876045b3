import type { AccountRef } from './ledger-keys.js';
import { accountKey, accountName } from './ledger-keys.js';
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
  accounts: string[];
  due: boolean;
}

const METRICS: readonly Metric[] = ['tokens', 'cost'];

/**
 * What the ledger should do, in plain TypeScript and one window (total): the yardstick the property test holds the
 * scripts against. It shares no code with them.
 */
export function createLedgerModel() {
  const accounts = new Map<string, Record<Metric, Figures>>();
  const holds = new Map<string, Hold>();

  const figuresOf = (key: string): Record<Metric, Figures> => figuresIn(accounts, key);

  function finish(id: string, state: 'settled' | 'released' | 'expired', amounts: Record<Metric, number>): TransitionAnswer {
    const hold = holds.get(id);
    if (!hold) return { status: 'missing' };
    if (hold.state === 'settled' || hold.state === 'released' || hold.state === state) return { status: 'replayed', state: hold.state };
    const corrected = hold.state === 'expired';
    for (const key of hold.accounts) {
      for (const metric of METRICS) {
        const figures = figuresOf(key)[metric];
        if (!corrected) figures.held -= hold.amounts[metric];
        figures.used += amounts[metric] - hold.charged[metric];
      }
    }
    hold.state = state;
    hold.charged = amounts;
    return { status: 'done', state, over: METRICS.some((metric) => amounts[metric] > hold.amounts[metric]), corrected };
  }

  return {
    setLimits(account: AccountRef, { limitTokens, limitNanoUsd }: WindowLimits): void {
      const figures = figuresOf(accountKey(account));
      if (limitTokens !== undefined) figures.tokens.limit = limitTokens;
      if (limitNanoUsd !== undefined) figures.cost.limit = limitNanoUsd;
    },
    reserve({ reservationId, fingerprint, accounts: refs, tokens, nanoUsd, leaseMs }: Reservation): ReserveAnswer {
      const before = holds.get(reservationId);
      if (before) return before.fingerprint === fingerprint ? replayOf(before) : { status: 'conflict' };
      const amounts = { tokens, cost: nanoUsd };
      const asked = refs.flatMap((account) => METRICS.map((metric) => ({ account, metric, requested: amounts[metric], figures: figuresOf(accountKey(account))[metric] })));
      const denied = asked.find(isOverLimit);
      if (denied) return denialOf(denied);
      const crossed = asked.filter(crossesThreshold).map((hold) => ({ notice: noticeOf(hold), figures: hold.figures }));
      for (const { figures, requested } of asked) figures.held += requested;
      for (const { notice, figures } of crossed) figures.toldFor = notice.limit;
      holds.set(reservationId, { state: 'held', fingerprint, amounts, charged: { tokens: 0, cost: 0 }, accounts: refs.map(accountKey), due: leaseMs === 0 });
      return { status: 'held', crossed: crossed.map(({ notice }) => notice) };
    },
    settle: (id: string, tokens: number, nanoUsd: number): TransitionAnswer => finish(id, 'settled', { tokens, cost: nanoUsd }),
    release: (id: string): TransitionAnswer => finish(id, 'released', { tokens: 0, cost: 0 }),
    extend(id: string, leaseMs: number): ReservationState | 'missing' {
      const hold = holds.get(id);
      if (hold?.state === 'held') hold.due = leaseMs === 0;
      return hold?.state ?? 'missing';
    },
    expireDue(): string[] {
      const due = [...holds].filter(([, hold]) => hold.state === 'held' && hold.due);
      for (const [id, hold] of due) finish(id, 'expired', hold.amounts);
      return due.map(([id]) => id).sort();
    },
    balances: (account: AccountRef): { tokens: Omit<Figures, 'toldFor'>; cost: Omit<Figures, 'toldFor'> } => {
      const { tokens, cost } = figuresOf(accountKey(account));
      return { tokens: { limit: tokens.limit, used: tokens.used, held: tokens.held }, cost: { limit: cost.limit, used: cost.used, held: cost.held } };
    },
  };
}

function figuresIn(accounts: Map<string, Record<Metric, Figures>>, key: string): Record<Metric, Figures> {
  const known = accounts.get(key) ?? { tokens: emptyFigures(), cost: emptyFigures() };
  accounts.set(key, known);
  return known;
}

/** What one reservation asks of one account in one metric. */
interface Asked {
  account: AccountRef;
  metric: Metric;
  requested: number;
  figures: Figures;
}

const limitOf = ({ limit }: Figures): number => limit ?? Number.MAX_SAFE_INTEGER;

const isOverLimit = ({ requested, figures }: Asked): boolean => requested > 0 && figures.used + figures.held + requested > limitOf(figures);

function denialOf({ account, metric, requested, figures }: Asked): ReserveAnswer {
  const { used, held } = figures;
  const limit = limitOf(figures);
  return { status: 'denied', account: accountName(account), window: 'total', metric, limit, used, held, requested, remaining: Math.max(0, limit - used - held) };
}

/** At four fifths of a limit somebody is told, once for each limit. */
function crossesThreshold({ requested, figures: { limit, used, held, toldFor } }: Asked): boolean {
  return limit !== null && limit > 0 && (used + held + requested) * 5 >= limit * 4 && toldFor !== limit;
}

function noticeOf({ account, metric, requested, figures }: Asked): CrossedThreshold {
  return { account, name: accountName(account), window: 'total', metric, limit: limitOf(figures), used: figures.used, held: figures.held + requested };
}

const replayOf = ({ state, amounts, charged }: Hold): ReserveAnswer => ({
  status: 'replayed',
  state,
  tokens: amounts.tokens,
  nanoUsd: amounts.cost,
  chargedTokens: charged.tokens,
  chargedNanoUsd: charged.cost,
});

const emptyFigures = (): Figures => ({ limit: null, used: 0, held: 0, toldFor: null });
