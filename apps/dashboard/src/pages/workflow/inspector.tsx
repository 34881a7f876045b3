import { Link } from '@tanstack/react-router';
import type { Step, Workflow } from '@trivet/contracts';
import { useState } from 'react';
import { useRole } from '../../api/session.js';
import { Button } from '../../parts/button.js';
import { Card } from '../../parts/card.js';
import { CodeBlock, JsonBlock } from '../../parts/code-block.js';
import { Elapsed } from '../../parts/elapsed.js';
import { KeyValues } from '../../parts/key-values.js';
import { Notice } from '../../parts/notice.js';
import { StatusBadge } from '../../parts/status-badge.js';
import { TimeAgo } from '../../parts/time-ago.js';
import { WorkflowLink } from '../../parts/workflow-link.js';
import { CallCard } from './call-card.js';
import { ForkDialog } from './fork-dialog.js';
import { promptOf } from './model-output.js';

/** One step in full: what went in and came out, each call with its worker and figures, and a way to run it again otherwise. */
export function Inspector({ workflow, step, saying, onClose }: { workflow: Workflow; step: Step; saying: string | undefined; onClose: () => void }) {
  const [forking, setForking] = useState(false);
  const { mayWrite } = useRole();
  const prompt = promptOf(step.output);
  const actions = (
    <span className="flex gap-2">
      {mayWrite && step.parent === undefined && <Button onClick={() => setForking(true)}>Fork from here…</Button>}
      <Button tone="quiet" aria-label="Close the step" onClick={onClose}>
        ✕
      </Button>
    </span>
  );
  return (
    <aside aria-label={`Step ${step.id}`} className="min-w-0 xl:sticky xl:top-18 xl:max-h-[calc(100vh-5.5rem)] xl:overflow-y-auto">
      <Card title={step.title ?? step.id} actions={actions}>
        <KeyValues
          pairs={[
            ['Step', <code key="id" className="text-xs">{step.id}</code>],
            ['Kind', step.kind],
            ['Status', <StatusBadge key="status" status={step.status} />],
            ['Attempts', step.attempts],
            ['Started', step.startedAt ? <TimeAgo key="started" at={step.startedAt} /> : null],
            ['Took', step.startedAt ? <Elapsed key="took" from={step.startedAt} to={step.finishedAt} /> : null],
            ['Reused from', step.reusedFrom ? <WorkflowLink key="reused" id={step.reusedFrom} /> : null],
            ['Child', step.childWorkflowId ? <WorkflowLink key="child" id={step.childWorkflowId} /> : null],
            ['Prompt', prompt ? <Link key="prompt" to="/prompts" search={{ prompt: prompt.name, version: String(prompt.version) }} className="text-accent underline">{`${prompt.name}@${prompt.version}`}</Link> : null],
          ]}
        />
        {step.failure && (
          <Notice tone="bad">
            {step.failure.code}: {step.failure.message} {step.failure.hint}
          </Notice>
        )}
        {step.status !== 'completed' && saying && <CodeBlock label="What the model says" text={saying} />}
        {step.output !== null && <Folded title="Output" value={step.output} />}
        {step.input !== null && <Folded title="Input" value={step.input} />}
        {step.calls.map((call) => (
          <CallCard key={`${call.callId}-${call.worker ?? ''}-${call.startedAt ?? ''}`} call={call} />
        ))}
      </Card>
      {forking && <ForkDialog workflow={workflow} steps={[step]} step={step} onClose={() => setForking(false)} />}
    </aside>
  );
}

/** A value larger than this is shown when asked for. */
const FOLD_FROM = 4_000;

function Folded({ title, value }: { title: string; value: unknown }) {
  return (
    <details open={JSON.stringify(value).length < FOLD_FROM}>
      <summary className="font-medium">{title}</summary>
      <div className="mt-2">
        <JsonBlock label={title} value={value} />
      </div>
    </details>
  );
}
