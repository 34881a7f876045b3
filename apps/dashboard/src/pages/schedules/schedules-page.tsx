import type { Schedule } from '@trivet/contracts';
import { useState } from 'react';
import { useCursorList } from '../../api/cursor-list.js';
import { useRole } from '../../api/session.js';
import { Button } from '../../parts/button.js';
import { CodeBlock } from '../../parts/code-block.js';
import { EmptyState } from '../../parts/empty-state.js';
import { Loaded } from '../../parts/loading.js';
import { MoreButton } from '../../parts/more-button.js';
import { PageHead } from '../../parts/page-head.js';
import { ScheduleCard } from './schedule-card.js';
import { ScheduleDialog } from './schedule-dialog.js';

/** What starts by itself, and when. */
export function SchedulesPage() {
  const { query, items = [] } = useCursorList<Schedule>(['schedules'], '/api/v1/schedules');
  const { mayWrite } = useRole();
  const [editing, setEditing] = useState<Schedule | 'new'>();
  return (
    <>
      <PageHead title="Schedules" about="Tasks that start by themselves: by cron in a time zone, or once. Exactly one start for each time, with any number of orchestrators.">
        {mayWrite && (
          <Button tone="main" onClick={() => setEditing('new')}>
            New schedule
          </Button>
        )}
      </PageHead>
      <Loaded query={query}>
        {() =>
          items.length === 0 ? (
            <NoSchedule />
          ) : (
            <ul aria-label="Schedules" className="grid gap-4">
              {items.map((schedule) => (
                <li key={schedule.id}>
                  <ScheduleCard schedule={schedule} onEdit={mayWrite ? () => setEditing(schedule) : undefined} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      <MoreButton query={query} />
      {editing && <ScheduleDialog schedule={editing === 'new' ? undefined : editing} onClose={() => setEditing(undefined)} />}
    </>
  );
}

function NoSchedule() {
  const body = { id: 'every-morning', cron: '0 7 * * 1-5', timeZone: 'Europe/Berlin', task: { goal: 'Analyse Nimbus Robotics', template: 'research', budget: { tokens: 20_000 } } };
  return (
    <EmptyState title="Nothing starts by itself yet.">
      <p className="text-muted">A schedule names a time and a task. On weekdays at seven in Berlin, with at most 20,000 tokens each:</p>
      <CodeBlock label="A schedule" text={`curl -s '${location.origin}/api/v1/schedules' -H 'content-type: application/json' \\\n  -d '${JSON.stringify(body)}'`} />
    </EmptyState>
  );
}
