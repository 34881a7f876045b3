import { useQueryClient } from '@tanstack/react-query';
import type { Schedule } from '@trivet/contracts';
import { useState } from 'react';
import { send } from '../../api/http.js';
import { Button } from '../../parts/button.js';
import { Card } from '../../parts/card.js';
import { ConfirmDialog } from '../../parts/confirm-dialog.js';
import { KeyValues } from '../../parts/key-values.js';
import { TimeAgo } from '../../parts/time-ago.js';
import { toast } from '../../parts/toasts.js';
import { WorkflowLink } from '../../parts/workflow-link.js';

const VERBS = {
  pause: { method: 'POST', path: '/pause', title: 'Pause', about: 'It starts nothing until it is resumed.', danger: false },
  resume: { method: 'POST', path: '/resume', title: 'Resume', about: 'Times that passed meanwhile are treated as its catch-up policy says.', danger: false },
  trigger: { method: 'POST', path: '/trigger', title: 'Start now', about: 'One more run, now; its times stay as they are.', danger: false },
  remove: { method: 'DELETE', path: '', title: 'Remove', about: 'It is gone; workflows it started stay.', danger: true },
} as const;
type Verb = keyof typeof VERBS;

export function ScheduleCard({ schedule, onEdit }: { schedule: Schedule; onEdit: (() => void) | undefined }) {
  const [verb, setVerb] = useState<Verb>();
  const verbs: Verb[] = ['trigger', schedule.paused ? 'resume' : 'pause', 'remove'];
  const actions = onEdit && (
    <span className="flex flex-wrap gap-2">
      {verbs.map((name) => (
        <Button key={name} tone={VERBS[name].danger ? 'danger' : 'plain'} onClick={() => setVerb(name)}>
          {VERBS[name].title}
        </Button>
      ))}
      <Button onClick={onEdit}>Edit</Button>
    </span>
  );
  return (
    <Card title={schedule.id} actions={actions}>
      <div className="grid gap-4 md:grid-cols-2">
        <KeyValues
          pairs={[
            ['When', schedule.cron ? <code key="cron">{`${schedule.cron} (${schedule.timeZone})`}</code> : `once, ${schedule.at ?? ''}`],
            ['Next', schedule.paused ? 'paused' : <TimeAgo key="next" at={schedule.nextAt} />],
            ['Task', schedule.task.goal],
            ['Template', schedule.task.template],
            ['When the run before goes on', schedule.overlap],
            ['Missed times', schedule.catchUp.policy],
          ]}
        />
        <Runs schedule={schedule} />
      </div>
      {verb && <VerbDialog schedule={schedule} verb={verb} onClose={() => setVerb(undefined)} />}
    </Card>
  );
}

function Runs({ schedule }: { schedule: Schedule }) {
  if (schedule.runs.length === 0) return <p className="text-muted">It has not started anything yet.</p>;
  return (
    <ol aria-label={`Latest runs of ${schedule.id}`} className="grid content-start gap-1">
      {schedule.runs.slice(0, 6).map((run) => (
        <li key={run.at} className="flex flex-wrap gap-x-3">
          <TimeAgo at={run.at} />
          <span className={run.outcome === 'failed' ? 'text-bad' : 'text-muted'}>{run.outcome}</span>
          {run.workflowId && <WorkflowLink id={run.workflowId} />}
          {run.detail && <span className="text-muted">{run.detail}</span>}
        </li>
      ))}
    </ol>
  );
}

function VerbDialog({ schedule, verb, onClose }: { schedule: Schedule; verb: Verb; onClose: () => void }) {
  const client = useQueryClient();
  const { method, path, title, about, danger } = VERBS[verb];
  const act = async (reason: string) => {
    await send(`/api/v1/schedules/${schedule.id}${path}`, { method, reason });
    toast(`${title}: ${schedule.id}`);
    await client.invalidateQueries({ queryKey: ['schedules'] });
  };
  return (
    <ConfirmDialog title={`${title} ${schedule.id}?`} verb={title} danger={danger} onConfirm={act} onClose={onClose}>
      <p>{about}</p>
    </ConfirmDialog>
  );
}
