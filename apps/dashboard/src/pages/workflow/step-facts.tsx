import { Link } from '@tanstack/react-router';
import type { Step } from '@trivet/contracts';
import { Elapsed } from '../../parts/elapsed.js';
import { KeyValues } from '../../parts/key-values.js';
import { StatusBadge } from '../../parts/status-badge.js';
import { TimeAgo } from '../../parts/time-ago.js';
import { WorkflowLink } from '../../parts/workflow-link.js';
import { modelFactsOf } from './model-output.js';

/** What a step is and how it went, at a glance. `tool`: the one it calls. */
export function StepFacts({ step, tool }: { step: Step; tool: string | undefined }) {
  const model = modelFactsOf(step.output);
  return (
    <KeyValues
      pairs={[
        ['Step', <code key="id" className="text-xs">{step.id}</code>],
        ['Kind', step.kind],
        ['Tool', tool ? <Link key="tool" to="/tools" search={{ tool }} className="text-accent underline">{tool}</Link> : null],
        ['Status', <StatusBadge key="status" status={step.status} />],
        ['Attempts', step.attempts],
        ['Started', step.startedAt ? <TimeAgo key="started" at={step.startedAt} /> : null],
        ['Took', step.startedAt ? <Elapsed key="took" from={step.startedAt} to={step.finishedAt} /> : null],
        ['Reused from', step.reusedFrom ? <WorkflowLink key="reused" id={step.reusedFrom} /> : null],
        ['Child', step.childWorkflowId ? <WorkflowLink key="child" id={step.childWorkflowId} /> : null],
        ['Vendor', model?.provider],
        ['Finish', model?.finish],
        ['From cache', model?.cached ? 'yes: it cost nothing' : null],
        ['Note', model?.notice],
        ['Prompt', model?.prompt ? <PromptLinks key="prompt" {...model.prompt} /> : null],
      ]}
    />
  );
}

function PromptLinks({ name, version }: { name: string; version: number }) {
  return (
    <span className="flex flex-wrap gap-x-3">
      <Link to="/prompts" search={{ prompt: name, version: String(version) }} className="text-accent underline">{`${name}@${version}`}</Link>
      <Link to="/prompts" search={{ tab: 'playground', prompt: `${name}@${version}` }} className="text-accent underline">
        try it in the playground
      </Link>
    </span>
  );
}
