import { useQuery } from '@tanstack/react-query';
import type { Overview } from '@trivet/contracts';
import { getJson } from '../../api/http.js';
import { Card } from '../../parts/card.js';
import { Loaded } from '../../parts/loading.js';
import { PageHead } from '../../parts/page-head.js';
import { AttentionList } from './attention-list.js';
import { ClosestLimits } from './closest-limits.js';
import { Figures } from './figures.js';
import { FirstSteps } from './first-steps.js';
import { LastHour } from './last-hour.js';
import { QueueDepths } from './queue-depths.js';
import { ServiceList } from './service-list.js';

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
  return (
    <div className="grid min-w-0 grid-cols-1 gap-5">
      <Figures overview={overview} />
      <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-[2fr_1fr]">
        <div className="grid min-w-0 grid-cols-1 gap-5">
          <Card title="Needs attention">
            <AttentionList items={overview.attention} />
          </Card>
          <Card title="The last hour">
            <LastHour minutes={overview.perMinute} />
          </Card>
        </div>
        <div className="grid min-w-0 grid-cols-1 gap-5 sm:grid-cols-2 xl:grid-cols-1">
          <Card title="Services">
            <ServiceList services={overview.services} />
          </Card>
          <Card title="Queues">
            <QueueDepths />
          </Card>
          <Card title="Closest to their limits">
            <ClosestLimits />
          </Card>
        </div>
      </div>
    </div>
  );
}
