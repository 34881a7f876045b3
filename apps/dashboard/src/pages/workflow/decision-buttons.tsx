import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Approval, Step } from '@trivet/contracts';
import { useState } from 'react';
import { getJson } from '../../api/http.js';
import { Button } from '../../parts/button.js';
import { DecideDialog } from '../approvals/decide-dialog.js';

/** Decides here what a step waits for; where several wait, the way to the inbox. */
export function DecisionButtons({ steps }: { steps: readonly Step[] }) {
  const waiting = steps.filter((step) => step.approvalId && step.status === 'waiting');
  const id = waiting.length === 1 ? waiting[0]?.approvalId : undefined;
  const { data: approval } = useQuery({ queryKey: ['open-approval', id], refetchInterval: false, queryFn: ({ signal }) => getJson<Approval>(`/api/v1/approvals/${encodeURIComponent(id ?? '')}`, {}, signal), enabled: id !== undefined });
  const [decision, setDecision] = useState<'approve' | 'deny'>();
  if (waiting.length > 1) {
    return (
      <Link to="/approvals" search={{}} className="inline-flex min-h-8 items-center rounded-md border border-accent bg-accent px-3 py-1 font-medium text-on-accent">
        Decide {waiting.length}…
      </Link>
    );
  }
  if (!approval) return null;
  return (
    <>
      <Button tone="danger" onClick={() => setDecision('deny')}>
        Deny…
      </Button>
      <Button tone="main" onClick={() => setDecision('approve')}>
        Approve…
      </Button>
      {decision && <DecideDialog approval={approval} decision={decision} onClose={() => setDecision(undefined)} />}
    </>
  );
}
