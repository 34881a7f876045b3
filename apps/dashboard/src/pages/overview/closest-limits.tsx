import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Account, Page } from '@trivet/contracts';
import { getJson } from '../../api/http.js';
import { compact, usd } from '../../formatting/numbers.js';
import { Loaded } from '../../parts/loading.js';
import { Meter } from '../../parts/meter.js';

const SHOWN = 5;

interface Limit {
  key: string;
  account: string;
  used: number;
  held: number;
  limit: number;
  format: (value: number) => string;
}

/** The five limits that are nearest to being reached. */
export function ClosestLimits() {
  const query = useQuery({ queryKey: ['budgets', 'closest'], queryFn: ({ signal }) => getJson<Page<Account>>('/api/v1/budgets', { limit: 200 }, signal) });
  return (
    <Loaded query={query}>
      {({ items }) => {
        const limits = items.flatMap(limitsOf).toSorted((left, right) => share(right) - share(left)).slice(0, SHOWN);
        if (limits.length === 0) {
          return (
            <p className="text-muted">
              No limits are set.{' '}
              <Link to="/budgets" search={{}} className="text-accent underline">
                Set one
              </Link>
            </p>
          );
        }
        return (
          <ul className="grid gap-3">
            {limits.map((limit) => (
              <li key={limit.key} className="grid gap-1">
                <span className="truncate text-xs">{limit.key}</span>
                <Meter label={limit.key} used={limit.used} held={limit.held} limit={limit.limit} format={limit.format} />
              </li>
            ))}
          </ul>
        );
      }}
    </Loaded>
  );
}

const share = ({ used, held, limit }: Limit): number => (limit > 0 ? (used + held) / limit : 1);

function limitsOf({ account, windows }: Account): Limit[] {
  return windows.flatMap((window) => [
    ...(window.limitTokens === null ? [] : [{ key: `${account}, tokens, ${window.window}`, account, used: window.usedTokens, held: window.heldTokens, limit: window.limitTokens, format: compact }]),
    ...(window.limitNanoUsd === null ? [] : [{ key: `${account}, cost, ${window.window}`, account, used: window.usedNanoUsd, held: window.heldNanoUsd, limit: window.limitNanoUsd, format: usd }]),
  ]);
}
