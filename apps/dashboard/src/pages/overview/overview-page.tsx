import { useQuery } from '@tanstack/react-query';
import type { Overview } from '@trivet/contracts';
import { getJson } from '../../api/http.js';
import { compact, usd } from '../../formatting/numbers.js';
import { duration } from '../../formatting/times.js';
import { Card } from '../../parts/card.js';
import { Loaded } from '../../parts/loading.js';
import { PageHead } from '../../parts/page-head.js';
import { AttentionList } from './attention-list.js';
import { ClosestLimits } from './closest-limits.js';
import { FirstSteps } from './first-steps.js';
import { LastHour } from './last-hour.js';
import { ServiceCards } from './service-cards.js';

/** How the work goes, at a glance, and what needs somebody; at first, how to begin. */
export function OverviewPage() {
  const query = useQuery({ queryKey: ['overview'], queryFn: ({ signal }) => getJson<Overview>('/api/v1/overview', {}, signal), refetchInterval: 5_000 });
  return (
    <>
      <PageHead title="Overview" />
      <Loaded query={query}>{(overview) => (isUntouched(overview) ? <FirstSteps /> : <Glance overview={overview} />)}</Loaded>
    </>
  );
}

const isUntouched = ({ running, waiting, queued, completed24h, failed24h, cancelled24h }: Overview): boolean => running + waiting + queued + completed24h + failed24h + cancelled24h === 0;

function Glance({ overview }: { overview: Overview }) {
  const { durationMs } = overview;
  return (
    <div className="grid gap-5">
      <dl className="grid grid-cols-2 gap-3 sm:grid-cols-4 xl:grid-cols-8">
        <Figure name="Running" value={compact(overview.running)} />
        <Figure name="Waiting" value={compact(overview.waiting)} />
        <Figure name="Queued" value={compact(overview.queued)} />
        <Figure name="Completed, 24 h" value={compact(overview.completed24h)} look="text-good" />
        <Figure name="Failed, 24 h" value={compact(overview.failed24h)} look={overview.failed24h > 0 ? 'text-bad' : ''} />
        <Figure name="Median, 95 %" value={durationMs ? `${duration(durationMs.p50)}, ${duration(durationMs.p95)}` : '–'} />
        <Figure name="Tokens today" value={compact(overview.tokensToday)} />
        <Figure name="Cost today" value={usd(overview.nanoUsdToday)} />
      </dl>
      {overview.atLeast && <p className="text-muted">There are more workflows than were looked at: these figures are of the newest.</p>}
      <div className="grid gap-5 xl:grid-cols-[2fr_1fr]">
        <Card title="The last hour">
          <LastHour minutes={overview.perMinute} />
        </Card>
        <Card title="Needs attention">
          <AttentionList items={overview.attention} />
        </Card>
        <Card title="Services">
          <ServiceCards services={overview.services} />
        </Card>
        <Card title="Closest to their limits">
          <ClosestLimits />
        </Card>
      </div>
    </div>
  );
}

function Figure({ name, value, look = '' }: { name: string; value: string; look?: string }) {
  return (
    <div className="rounded-lg border border-line bg-surface px-3 py-2">
      <dt className="text-xs text-muted">{name}</dt>
      <dd className={`text-lg font-semibold tabular-nums ${look}`}>{value}</dd>
    </div>
  );
}
