import { FailureError, isTerminal, type SignalBody, type WorkflowStatus } from '@trivet/contracts';
import type { WorkflowRef } from '@trivet/state';
import type { AuditTrail } from '../audit/audit-trail.js';
import { shownStatus } from '../runner/codec.js';
import type { Runner } from '../runner/runner.js';
import { MOST_KEPT_SIGNALS } from '../workflow/kinds/wait.js';
import type { Input } from '../workflow/transition.js';

/**
 * What operators and other systems tell a workflow. Of two at once one takes effect; the other is told that it came too
 * late (`state_conflict`).
 */
export interface Controls {
  cancel: (ref: WorkflowRef, reason: string | undefined, actor: string) => Promise<void>;
  pause: (ref: WorkflowRef, reason: string | undefined, actor: string) => Promise<void>;
  resume: (ref: WorkflowRef, reason: string | undefined, actor: string) => Promise<void>;
  /** Runs again what failed; results that are there are kept. */
  retry: (ref: WorkflowRef, reason: string | undefined, actor: string) => Promise<void>;
  signal: (ref: WorkflowRef, signal: SignalBody, actor: string) => Promise<void>;
}

export interface ControlParts {
  runner: Pick<Runner, 'deliver' | 'read'>;
  audit: AuditTrail;
}

export function createControls({ runner, audit }: ControlParts): Controls {
  async function statusOf(ref: WorkflowRef): Promise<WorkflowStatus> {
    const state = await runner.read(ref);
    if (!state) throw new FailureError('not_found', `There is no workflow ${ref.workflowId}.`);
    return shownStatus(state);
  }

  async function tell(ref: WorkflowRef, input: Input, about: { action: string; actor: string; detail: string; reason: string | undefined }, refuse: (status: WorkflowStatus) => string): Promise<void> {
    const outcome = await runner.deliver(ref, input);
    if (outcome !== 'applied') throw new FailureError('state_conflict', refuse(await statusOf(ref)));
    await audit.record({ tenant: ref.tenant, actor: about.actor, action: about.action, target: `workflow/${ref.workflowId}`, workflowId: ref.workflowId, detail: about.detail, ...(about.reason === undefined ? {} : { reason: about.reason }) });
  }

  return {
    cancel: (ref, reason, actor) =>
      tell(ref, { type: 'cancel', reason: reason ?? 'cancelled by request' }, { action: 'workflow.cancel', actor, detail: reason ?? 'cancelled by request', reason }, (status) => `Workflow ${ref.workflowId} is ${status} already; only one that has not ended can be cancelled.`),
    pause: (ref, reason, actor) =>
      tell(ref, { type: 'pause', reason: reason ?? 'paused by request' }, { action: 'workflow.pause', actor, detail: reason ?? 'paused by request', reason }, (status) => `Workflow ${ref.workflowId} is ${status}; only one that runs or waits can be paused.`),
    resume: (ref, reason, actor) =>
      tell(ref, { type: 'resume' }, { action: 'workflow.resume', actor, detail: reason ?? 'resumed by request', reason }, (status) => `Workflow ${ref.workflowId} is ${status}; only one that is paused can be resumed.`),
    retry: (ref, reason, actor) =>
      tell(ref, { type: 'retry', reason: reason ?? 'retried by request' }, { action: 'workflow.retry', actor, detail: reason ?? 'retried by request', reason }, (status) => `Workflow ${ref.workflowId} is ${status}; only one that failed or was cancelled can be retried.`),
    signal: (ref, { name, payload, reason }, actor) =>
      tell(ref, { type: 'signal', name, payload: payload ?? null }, { action: 'workflow.signal', actor, detail: name, reason }, (status) =>
        isTerminal(status) ? `Workflow ${ref.workflowId} is ${status} already; it takes no more signals.` : `Workflow ${ref.workflowId} keeps ${MOST_KEPT_SIGNALS} signals that no step has waited for; that is the limit.`,
      ),
  };
}
