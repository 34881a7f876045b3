import { CodeInput, ModelRequest, parseOrFail, type JsonObject, type JsonValue, type PlanStep } from '@trivet/contracts';
import type { Beginning } from './beginning.js';
import { evaluate } from '../expression.js';
import { travellingInput } from '../large-value.js';
import { scopeFor } from '../scope.js';
import { withoutNulls } from '../without-nulls.js';
import { madeInput } from './script.js';
import { tierOf } from '../tier.js';
import type { Effect, Outcome, Surroundings } from '../transition.js';
import type { StepState, WorkflowState } from '../state.js';

/** The tool that a code step runs in. */
export const CODE_TOOL = 'code_javascript';

/**
 * A step that is one call to a worker: a tool, a model or code. Its input has all expressions evaluated; a tool that is
 * dangerous waits for a person first, and then runs with exactly what was approved.
 */
export function beginCall({ state, step, planStep, attempt, callId, around, child }: Beginning): Outcome {
  const input = step.approved ? step.approved.input : writtenInput(state, step, planStep, around);
  const tool = planStep.kind === 'code' ? CODE_TOOL : planStep.tool;
  if (planStep.kind === 'tool' && !step.approved && tool !== undefined && state.accepted.tools?.[tool]?.dangerous) return askAboutTool({ workflowId: state.accepted.workflowId, stepId: step.id, tool, input, attempt, callId, child });
  const { fields, effects } = travellingInput(input);
  const limitMs = timeoutOf(state, planStep, around);
  const schedule: Effect = {
    do: 'schedule', stepId: step.id, callId, tier: tierOf(planStep), attempt,
    ...(tool === undefined ? {} : { tool }),
    ...('inputRef' in fields ? { input: null, inputRef: fields.inputRef } : { input: fields.input }),
    ...(limitMs === undefined ? {} : { timeoutMs: limitMs }),
  };
  return { facts: [{ type: 'step.scheduled', data: { ...child, stepId: step.id, callId, attempt, ...fields } }], effects: [...effects, schedule] };
}

/** Limits shrink inward: no call outlives its workflow. */
function timeoutOf(state: WorkflowState, planStep: PlanStep, around: Surroundings): number | undefined {
  const left = state.deadlineAt === null ? undefined : Math.max(1, state.deadlineAt - around.nowMs);
  if (planStep.timeoutMs === undefined || left === undefined) return planStep.timeoutMs ?? left;
  return Math.min(planStep.timeoutMs, left);
}

function writtenInput(state: WorkflowState, step: StepState, planStep: PlanStep, around: Surroundings): JsonValue {
  // A step of an agent or a script has no expressions: what a model or a script wrote is never evaluated.
  const made = madeInput(state, step, around);
  const written: JsonValue = planStep.kind === 'model' && planStep.prompt !== undefined ? { prompt: planStep.prompt, ...asObject(planStep.input) } : (planStep.input ?? {});
  const evaluated = made ?? evaluate(written, scopeFor(state, step, around));
  const input = planStep.kind === 'model' ? withoutNulls(evaluated) : evaluated;
  if (planStep.kind === 'model') {
    parseOrFail(ModelRequest, input, `the input of step ${step.id}`);
    if (step.tier) return { ...withoutModel(asObject(input)), tier: step.tier };
  }
  if (planStep.kind === 'code' && made === undefined) {
    const { code, input: value, files, timeoutMs } = parseOrFail(CodeInput, input, `the input of step ${step.id}`);
    return { code, ...(value === undefined ? {} : { input: value }), ...(files === undefined ? {} : { files }), ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  }
  return input;
}

function askAboutTool(about: { workflowId: string; stepId: string; tool: string; input: JsonValue; attempt: number; callId: string; child: Beginning['child'] }): Outcome {
  const approvalId = `${about.workflowId}.${about.callId}-t`;
  const { fields, effects } = travellingInput(about.input);
  const details = 'inputRef' in fields ? { detailsRef: fields.inputRef } : { details: fields.input };
  return {
    facts: [
      {
        type: 'approval.requested',
        data: { ...about.child, stepId: about.stepId, approvalId, attempt: about.attempt, purpose: 'tool', question: `May the tool ${about.tool} run with these arguments?`, ...details, expiresAt: null, onExpire: 'deny' },
      },
    ],
    effects: [...effects, { do: 'ask', approvalId, stepId: about.stepId }],
  };
}

const asObject = (value: JsonValue | undefined): JsonObject => (value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {});

function withoutModel(request: JsonObject): JsonObject {
  const { model: _, ...rest } = request;
  return rest;
}
