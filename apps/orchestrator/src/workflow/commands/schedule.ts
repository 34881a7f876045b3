import { FailureError, ModelRequest, parseOrFail, stepCallId, type Fact, type JsonValue, type PlanStep } from '@trivet/contracts';
import { evaluate } from '../expression.js';
import { travelling } from '../large-value.js';
import { dependenciesOf, scopeOf } from '../scope.js';
import { planStepOf, type WorkflowState } from '../state.js';
import { tierOf } from '../tier.js';
import type { Outcome, Surroundings } from '../transition.js';

/** A step's next call: its input with all expressions evaluated, under an id that is the same in every process. */
export function schedule(state: WorkflowState, stepId: string, attempt: number, around: Surroundings): Outcome {
  const planStep = planStepOf(state, stepId);
  if (!planStep) throw new RangeError(`The plan has no step ${stepId}`);
  const input = inputOf(state, planStep, around);
  if (input instanceof FailureError) return { facts: [{ type: 'step.failed', data: { stepId, failure: input.failure, call: null } }], effects: [] };
  const { tenant, workflowId } = state.accepted;
  const callId = stepCallId({ tenant, workflowId, stepId, attempt });
  const travel = travelling(input);
  const value = 'reference' in travel ? { inputRef: travel.reference } : { input: travel.inline };
  const fact: Fact = { type: 'step.scheduled', data: { stepId, callId, attempt, ...value } };
  return {
    facts: [fact],
    effects: [
      ...travel.effects,
      { do: 'schedule', stepId, callId, tier: tierOf(planStep), attempt, input: 'reference' in travel ? null : input, ...('reference' in travel ? { inputRef: travel.reference } : {}), ...(planStep.timeoutMs ? { timeoutMs: planStep.timeoutMs } : {}) },
    ],
  };
}

function inputOf(state: WorkflowState, planStep: PlanStep, around: Surroundings): JsonValue | FailureError {
  const written: JsonValue = planStep.kind === 'model' && planStep.prompt !== undefined ? { prompt: planStep.prompt, ...asObject(planStep.input) } : (planStep.input ?? {});
  try {
    const input = evaluate(written, scopeOf(state, dependenciesOf(state, planStep.id), around));
    if (planStep.kind === 'model') parseOrFail(ModelRequest, input, `the input of step ${planStep.id}`);
    return input;
  } catch (error) {
    if (error instanceof FailureError) return error;
    throw error;
  }
}

const asObject = (value: JsonValue | undefined): { [key: string]: JsonValue } => (value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {});
