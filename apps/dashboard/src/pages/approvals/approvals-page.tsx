import type { Approval } from '@trivet/contracts';
import { useState } from 'react';
import { useCursorList } from '../../api/cursor-list.js';
import { useRole } from '../../api/session.js';
import { Button } from '../../parts/button.js';
import { Card } from '../../parts/card.js';
import { CodeBlock, JsonBlock } from '../../parts/code-block.js';
import { EmptyState } from '../../parts/empty-state.js';
import { Loaded } from '../../parts/loading.js';
import { MoreButton } from '../../parts/more-button.js';
import { PageHead } from '../../parts/page-head.js';
import { TimeAgo } from '../../parts/time-ago.js';
import { WorkflowLink } from '../../parts/workflow-link.js';
import { DecideDialog } from './decide-dialog.js';

const PURPOSES: Record<Approval['purpose'], string> = { step: 'The plan asks', tool: 'A dangerous tool', budget: 'A budget is spent' };

/** What waits for a person, oldest first. */
export function ApprovalsPage() {
  const { query, items = [] } = useCursorList<Approval>(['approvals'], '/api/v1/approvals');
  const { mayWrite } = useRole();
  const [deciding, setDeciding] = useState<{ approval: Approval; decision: 'approve' | 'deny' }>();
  return (
    <>
      <PageHead title="Approvals" about="Steps that wait for a person. What is approved here is exactly what runs; the arguments can be edited first." />
      <Loaded query={query}>
        {() =>
          items.length === 0 ? (
            <NothingWaits />
          ) : (
            <ul className="grid gap-4" aria-label="Approvals">
              {items.map((approval) => (
                <li key={approval.id}>
                  <ApprovalCard approval={approval} onDecide={mayWrite ? (decision) => setDeciding({ approval, decision }) : undefined} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      <MoreButton query={query} />
      {deciding && <DecideDialog {...deciding} onClose={() => setDeciding(undefined)} />}
    </>
  );
}

function ApprovalCard({ approval, onDecide }: { approval: Approval; onDecide: ((decision: 'approve' | 'deny') => void) | undefined }) {
  const actions = onDecide && (
    <span className="flex gap-2">
      <Button tone="danger" onClick={() => onDecide('deny')}>
        Deny…
      </Button>
      <Button tone="main" onClick={() => onDecide('approve')}>
        Approve…
      </Button>
    </span>
  );
  return (
    <Card title={approval.question} actions={actions}>
      <p className="flex flex-wrap gap-x-4 gap-y-1 text-muted">
        <span>{PURPOSES[approval.purpose]}</span>
        <span>
          step <b>{approval.stepId}</b> of <WorkflowLink id={approval.workflowId} />
        </span>
        <span>
          asked <TimeAgo at={approval.requestedAt} />
        </span>
        {approval.expiresAt && (
          <span>
            expires <TimeAgo at={approval.expiresAt} /> (then: {approval.onExpire})
          </span>
        )}
      </p>
      <p>Goal: {approval.goal}</p>
      {approval.details !== null && <JsonBlock label={`Details of ${approval.stepId}`} value={approval.details} />}
    </Card>
  );
}

const EXAMPLE = {
  goal: 'Ask before going on',
  plan: {
    steps: [
      { id: 'ask', kind: 'approval', input: { question: 'Send the report to the customer?', details: { to: 'ops@example.com' } } },
      { id: 'send', kind: 'tool', tool: 'text_stats', input: { text: 'the report' }, dependsOn: ['ask'] },
    ],
  },
};

function NothingWaits() {
  const snippet = `curl -s '${location.origin}/api/v1/tasks' -H 'content-type: application/json' \\\n  -d '${JSON.stringify(EXAMPLE)}'`;
  return (
    <EmptyState title="Nothing waits for a person.">
      <p className="text-muted">A plan asks with a step of kind approval, a dangerous tool asks before it runs, and a spent budget asks when the task says onExceed: ask. Try it:</p>
      <CodeBlock label="A task that asks" text={snippet} />
    </EmptyState>
  );
}
