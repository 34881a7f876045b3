import { Link } from '@tanstack/react-router';
import type { Step, Workflow } from '@trivet/contracts';
import { useState } from 'react';
import { downloadList } from '../../api/download.js';
import { sentenceOf } from '../../api/problem.js';
import { useRole } from '../../api/session.js';
import { compact, count, usd } from '../../formatting/numbers.js';
import { Button } from '../../parts/button.js';
import { CopyButton } from '../../parts/copy-button.js';
import { Elapsed } from '../../parts/elapsed.js';
import { Meter } from '../../parts/meter.js';
import { Notice } from '../../parts/notice.js';
import { PageHead } from '../../parts/page-head.js';
import { StatusBadge } from '../../parts/status-badge.js';
import { TimeAgo } from '../../parts/time-ago.js';
import { toast } from '../../parts/toasts.js';
import { WorkflowLink } from '../../parts/workflow-link.js';
import { Dialogs, type DialogName } from './dialogs.js';
import { VERBS, controlsOf } from './controls.js';

/** Who, what, how far, how much; what it waits for or failed with; and what can be done. */
export function WorkflowHead({ workflow, steps }: { workflow: Workflow; steps: readonly Step[] }) {
  const [dialog, setDialog] = useState<DialogName>();
  const { mayWrite, mayAdminister } = useRole();
  const waiting = steps.filter((step) => step.approvalId && step.status === 'waiting');
  return (
    <>
      <PageHead title={<span className="flex flex-wrap items-center gap-3">{workflow.goal}<StatusBadge status={workflow.status} /></span>} about={<Facts workflow={workflow} />}>
        {mayWrite && waiting.length > 0 && (
          <Link to="/approvals" search={{}} className="rounded-md border border-accent bg-accent px-3 py-1 font-medium text-on-accent">
            Decide ({waiting.length})
          </Link>
        )}
        {mayWrite &&
          controlsOf(workflow).map((verb) => (
            <Button key={verb} tone={VERBS[verb].danger ? 'danger' : 'plain'} onClick={() => setDialog(verb)}>
              {VERBS[verb].title}
            </Button>
          ))}
        {mayWrite && <Button onClick={() => setDialog('fork')}>Fork…</Button>}
        {mayWrite && workflow.status === 'waiting' && <Button onClick={() => setDialog('signal')}>Signal…</Button>}
        {mayAdminister && <Button onClick={() => setDialog('budget')}>Budget…</Button>}
        <Button tone="quiet" onClick={() => void download(workflow.workflowId)}>
          Download events
        </Button>
      </PageHead>
      {workflow.waitingFor && <Notice tone="warn">{workflow.waitingFor}</Notice>}
      {workflow.failure && (
        <Notice tone="bad">
          {workflow.failure.code}: {workflow.failure.message} {workflow.failure.hint}
        </Notice>
      )}
      <Dialogs workflow={workflow} steps={steps} dialog={dialog} onClose={() => setDialog(undefined)} />
    </>
  );
}

function Facts({ workflow }: { workflow: Workflow }) {
  const { budget } = workflow;
  return (
    <span className="flex flex-wrap items-center gap-x-5 gap-y-2">
      <span className="flex items-center gap-2">
        <code className="text-xs">{workflow.workflowId}</code>
        <CopyButton text={workflow.workflowId} />
      </span>
      <span>tenant {workflow.tenant}</span>
      <span>{workflow.template ? `template ${workflow.template}` : 'its own plan'}</span>
      {Object.entries(workflow.labels).map(([key, value]) => (
        <span key={key} className="rounded bg-raised px-1.5 text-xs">
          {key}={value}
        </span>
      ))}
      <span>
        submitted <TimeAgo at={workflow.createdAt} />, <Elapsed from={workflow.createdAt} to={workflow.finishedAt} />
      </span>
      <span>
        {workflow.steps.done} of {count(workflow.steps.total, 'step')}
      </span>
      <span className="flex items-center gap-2">
        tokens <Meter label="Tokens" used={budget.usedTokens} held={budget.heldTokens} limit={budget.limitTokens} format={compact} />
      </span>
      <span className="flex items-center gap-2">
        cost <Meter label="Cost" used={budget.usedNanoUsd} held={budget.heldNanoUsd} limit={budget.limitNanoUsd} format={usd} />
      </span>
      {workflow.parent && (
        <span>
          child of <WorkflowLink id={workflow.parent.workflowId} />
        </span>
      )}
      {workflow.forkedFrom && (
        <span>
          forked from <WorkflowLink id={workflow.forkedFrom.workflowId} />
        </span>
      )}
    </span>
  );
}

async function download(workflowId: string): Promise<void> {
  await downloadList(`/api/v1/workflows/${workflowId}/events`, `${workflowId}.ndjson`, 1_000).then(
    (events) => toast(`${count(events, 'event')} in ${workflowId}.ndjson.`),
    (error: unknown) => toast(sentenceOf(error), 'bad'),
  );
}
