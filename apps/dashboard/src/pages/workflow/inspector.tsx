import type { Event, Step, Workflow } from '@trivet/contracts';
import { useMemo, useState } from 'react';
import { useRole } from '../../api/session.js';
import { Button } from '../../parts/button.js';
import { Card } from '../../parts/card.js';
import { CodeBlock, JsonBlock } from '../../parts/code-block.js';
import { Notice } from '../../parts/notice.js';
import { CallCard } from './call-card.js';
import { ForkDialog } from './fork-dialog.js';
import { toolOf } from './plan-steps.js';
import { StepFacts } from './step-facts.js';
import { useToolLimits } from './use-tool-limits.js';

interface InspectorProps {
  workflow: Workflow;
  step: Step;
  events: readonly Event[];
  /** What its model says at this moment. */
  saying: string | undefined;
  onClose: () => void;
}

/** One step in full: what went in and came out, each call with its worker and figures, and a way to run it again otherwise. */
export function Inspector({ workflow, step, events, saying, onClose }: InspectorProps) {
  const [forking, setForking] = useState(false);
  const { mayWrite } = useRole();
  const tool = useMemo(() => toolOf(step.id, events), [step.id, events]);
  const limits = useToolLimits(tool);
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
        <StepFacts step={step} tool={tool} />
        {step.failure && (
          <Notice tone="bad">
            {step.failure.code}: {step.failure.message} {step.failure.hint}
          </Notice>
        )}
        {step.status !== 'completed' && saying && <CodeBlock label="What the model says" text={saying} />}
        {step.output !== null && <Folded title="Output" value={step.output} />}
        {step.input !== null && <Folded title="Input" value={step.input} />}
        {step.calls.map((call) => (
          <CallCard key={`${call.callId}-${call.worker ?? ''}-${call.startedAt ?? ''}`} call={call} limits={call.parentCallId === undefined ? limits : undefined} />
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
