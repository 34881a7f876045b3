import { trace } from '@opentelemetry/api';
import { FailureError } from '@trivet/contracts';
import { keepFirstSpan, recordFailure } from '@trivet/telemetry';
import { hasEnded, type WorkflowState } from '../workflow/state.js';

/**
 * Says on the trace of a workflow how it ended: the span in which it failed is a failed one, also where nothing but a deadline or a person
 * ended it. Under load, where only failures are recorded, they get the span they hang from. A child workflow is part of its parent's trace.
 */
export function endTrace(before: { state: WorkflowState } | null, state: WorkflowState): void {
  if (!hasEnded(state) || (before && hasEnded(before.state))) return;
  const span = trace.getActiveSpan();
  if (state.status === 'failed' && span) recordFailure(span, new FailureError(state.failure.code, state.failure.message));
  const { traceparent, parent, createdAt } = state.accepted;
  if (traceparent && !parent && (state.status === 'failed' || hadFailures(state))) keepFirstSpan(traceparent, Date.parse(createdAt));
}

/** Whether some call failed, although the workflow went on. */
function hadFailures(state: WorkflowState): boolean {
  for (const step of state.steps.all()) if (step.status === 'failed' || step.calls.some(({ outcome }) => outcome === 'failed')) return true;
  return false;
}
