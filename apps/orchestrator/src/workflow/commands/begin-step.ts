import { FailureError, stepCallId, type ChildLink, type JsonValue, type PlanStep } from '@trivet/contracts';
import { pendingStep } from '../events/task-accepted.js';
import { holds } from '../expression.js';
import { insideId } from '../inside.js';
import { beginAgent } from '../kinds/agent.js';
import { beginApproval } from '../kinds/approval.js';
import type { Beginning } from '../kinds/beginning.js';
import { beginCall } from '../kinds/call.js';
import { beginChildWorkflow } from '../kinds/child-workflow.js';
import { beginMap } from '../kinds/map.js';
import { beginScript, isDurableScript } from '../kinds/script.js';
import { beginWait } from '../kinds/wait.js';
import { planStepInside, planStepOf } from '../plan-index.js';
import { scopeFor } from '../scope.js';
import { failStep } from './fail-step.js';
import type { StepState, WorkflowState } from '../state.js';
import { NOTHING, type Effect, type Outcome, type Surroundings } from '../transition.js';

/** Begins a step: its next attempt, under an id that is the same in every process. */
export function beginStep(state: WorkflowState, stepId: string, around: Surroundings): Outcome {
  const step = state.steps.get(stepId);
  const planStep = planStepOf(state, stepId);
  if (!step || !planStep) throw new RangeError(`The plan has no step ${stepId}`);
  if (step.status !== 'pending' && step.status !== 'retrying') return NOTHING;
  return begin(state, step, planStep, around, {});
}

/**
 * Begins the next step inside another.
 * @param input of a step whose input is made rather than written in the plan
 */
export function beginInside(state: WorkflowState, link: ChildLink, around: Surroundings, input: JsonValue = null): Outcome {
  const stepId = insideId(link.parent, link.index);
  const planStep = planStepInside(state, link, stepId);
  if (!planStep) return NOTHING;
  return begin(state, { ...pendingStep(stepId), childOf: link, input }, planStep, around, { child: link });
}

/** Inside a map the condition of a step sees its item. */
const isUnwanted = ({ state, step, planStep, around, child }: Beginning): boolean => child.child !== undefined && planStep.when !== undefined && !holds(planStep.when, scopeFor(state, step, around));

function begin(state: WorkflowState, step: StepState, planStep: PlanStep, around: Surroundings, child: Beginning['child']): Outcome {
  const { tenant, workflowId } = state.accepted;
  const attempt = step.status === 'retrying' ? step.attempt : step.attempts + 1;
  const callId = stepCallId({ tenant, workflowId, stepId: step.id, attempt });
  const beginning: Beginning = { state, step, planStep, attempt, callId, around, child };
  try {
    if (isUnwanted(beginning)) return { facts: [{ type: 'step.skipped', data: { ...child, stepId: step.id, reason: `when is not true: ${planStep.when}` } }], effects: [] };
    return withTimeout(beginning, kindOf(beginning));
  } catch (error) {
    // Its input cannot be made: it has failed before any call.
    if (error instanceof FailureError) return { facts: [{ type: 'step.failed', data: { ...child, stepId: step.id, failure: error.failure, call: null } }], effects: [] };
    throw error;
  }
}

function kindOf(beginning: Beginning): Outcome {
  switch (beginning.planStep.kind) {
    case 'tool':
    case 'model':
      return beginCall(beginning);
    case 'code':
      return isDurableScript(beginning.planStep) ? beginScript(beginning) : beginCall(beginning);
    case 'agent':
      return beginAgent(beginning);
    case 'map':
      return beginMap(beginning);
    case 'approval':
      return beginApproval(beginning);
    case 'wait':
      return beginWait(beginning);
    case 'workflow':
      return beginChildWorkflow(beginning);
    default:
      return unreachable(beginning.planStep.kind);
  }
}

/** A step that no worker's clock watches has its limit kept by the watchdog. */
function withTimeout({ planStep, step }: Beginning, outcome: Outcome): Outcome {
  const isOpen = outcome.facts.some((fact) => fact.type === 'step.started' || fact.type === 'approval.requested') && !outcome.facts.some((fact) => fact.type === 'step.completed');
  if (!isOpen || planStep.timeoutMs === undefined) return outcome;
  const timer: Effect = { do: 'timer', timer: `timeout-${step.id}`, delayMs: planStep.timeoutMs };
  return { ...outcome, effects: [...outcome.effects, timer] };
}

/** The watchdog's limit of a step has passed. */
export function timeOut(state: WorkflowState, stepId: string, around: Surroundings): Outcome {
  const step = state.steps.get(stepId);
  const timeoutMs = planStepOf(state, stepId)?.timeoutMs ?? 0;
  if (step?.status !== 'open') return NOTHING;
  const failure = { code: 'deadline_exceeded', message: `Step ${stepId} did not end within its timeoutMs of ${timeoutMs} ms.`, hint: 'Raise timeoutMs of the step, or do less in it.' } as const;
  return failStep(state, step, failure, around);
}

function unreachable(kind: never): never {
  throw new RangeError(`unknown kind of step ${JSON.stringify(kind)}`);
}
