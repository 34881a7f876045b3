import { ApprovalInput, parseOrFail, type ApprovalDecision, type Failure, type JsonObject, type JsonValue } from '@trivet/contracts';
import type { Beginning } from './beginning.js';
import { completeStep } from '../commands/complete-step.js';
import { releaseOf } from '../commands/end-steps.js';
import { failStep, ownCall } from '../commands/fail-step.js';
import { evaluate } from '../expression.js';
import { travelling } from '../large-value.js';
import { madeInput } from './script.js';
import { scopeFor } from '../scope.js';
import type { ApprovalWork, StepState, WorkflowState } from '../state.js';
import { NOTHING, type Effect, type Input, type Outcome, type Surroundings } from '../transition.js';

type Open = Extract<StepState, { status: 'open' }>;

/** A person is asked; the step waits for as long as it takes, or until it expires. */
export function beginApproval({ state, step, planStep, attempt, callId, around, child }: Beginning): Outcome {
  const { question, details, expiresMs, onExpire } = parseOrFail(ApprovalInput, madeInput(state, step, around) ?? evaluate(planStep.input ?? {}, scopeFor(state, step, around)), `the input of step ${step.id}`);
  const travel = details === undefined ? { inline: undefined, effects: [] } : travelling(details);
  const shown = 'reference' in travel ? { detailsRef: travel.reference } : travel.inline === undefined ? {} : { details: travel.inline };
  const approvalId = `${state.accepted.workflowId}.${callId}`;
  const effects: Effect[] = [...travel.effects, { do: 'ask', approvalId, stepId: step.id }];
  if (expiresMs !== undefined) effects.push({ do: 'timer', timer: `expire-${step.id}`, delayMs: expiresMs });
  const expiresAt = expiresMs === undefined ? null : around.nowMs + expiresMs;
  return { facts: [{ type: 'approval.requested', data: { ...child, stepId: step.id, approvalId, attempt, purpose: 'step', question, ...shown, expiresAt, onExpire } }], effects };
}

/** A person decided. Of two decisions at once the first counts; the other finds nothing to decide. */
export function receiveDecision(state: WorkflowState, input: Extract<Input, { type: 'decide' }>, around: Surroundings): Outcome {
  const step = state.steps.get(input.stepId);
  if (step?.status !== 'open' || step.work.kind !== 'approval' || step.work.approvalId !== input.approvalId) return NOTHING;
  return decided(state, step, input, around);
}

/** Nobody decided in time. */
export function expireApproval(state: WorkflowState, stepId: string, around: Surroundings): Outcome {
  const step = state.steps.get(stepId);
  if (step?.status !== 'open' || step.work.kind !== 'approval') return NOTHING;
  const { onExpire, question } = step.work;
  if (onExpire === 'fail') return failStep(state, step, { code: 'approval_expired', message: `Nobody decided in time: ${question}`, hint: 'Raise expiresMs, or choose another onExpire.' }, around);
  return decided(state, step, { decision: { decision: onExpire, comment: 'Nobody decided in time.' }, actor: 'expiry' }, around);
}

function decided(state: WorkflowState, step: Open, by: { decision: ApprovalDecision; actor: string }, around: Surroundings): Outcome {
  const { decision, comment = '', edited } = by.decision;
  const { work } = step;
  if (work.kind !== 'approval') return NOTHING;
  const withEdit: { edited?: JsonValue } = decision === 'approve' && edited !== undefined ? { edited } : {};
  const fact = { type: 'approval.decided', data: { stepId: step.id, approvalId: work.approvalId, decision, comment: comment || null, actor: by.actor, ...withEdit } } as const;
  if (work.purpose === 'step') {
    const output: JsonObject = { decision, comment, ...(withEdit.edited === undefined ? {} : { edited: withEdit.edited }) };
    const done = completeStep(state, step, output, around);
    return { facts: [fact, ...done.facts], effects: done.effects };
  }
  const effects = releaseOf(state, step);
  // Approved: the step is pending again and begins with what was approved.
  if (decision === 'approve') return { facts: [fact], effects };
  return { facts: [fact, { type: 'step.failed', data: { stepId: step.id, failure: denial(step, work, comment), call: work.purpose === 'tool' ? ownCall(step, 'failed', around) : null } }], effects };
}

function denial(step: Open, work: ApprovalWork, comment: string): Failure {
  const said = comment === '' ? '' : ` The comment was: ${comment}`;
  if (work.purpose === 'budget') return { code: 'budget_exceeded', message: `Step ${step.id} was not given a larger budget.${said}`, hint: 'Raise the limit and retry the workflow.' };
  return { code: 'approval_denied', message: `A person denied the call of step ${step.id}.${said}`, hint: 'Read the comment of the decision.' };
}
