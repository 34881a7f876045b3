import type { EventType } from '@trivet/contracts';

/** Every type of event; the compiler says when one is missing. (The contracts' own list would bring their schemas into the bundle.) */
const ALL: Record<EventType, true> = {
  'task.accepted': true, 'task.rejected': true, 'fact.recorded': true, 'workflow.started': true, 'step.scheduled': true, 'step.started': true, 'step.retrying': true, 'step.reused': true, 'step.completed': true, 'step.failed': true, 'step.skipped': true, 'step.cancelled': true, 'call.lost': true, 'call.completed': true, 'call.stale': true, 'approval.requested': true, 'approval.decided': true, 'budget.threshold': true, 'signal.received': true, 'signal.consumed': true, 'workflow.paused': true, 'workflow.resumed': true, 'workflow.retried': true, 'workflow.cancelling': true, 'workflow.completed': true, 'workflow.failed': true, 'workflow.cancelled': true,
};

export const EVENT_TYPES = Object.keys(ALL);
