import { AgentInput, parseOrFail, type JsonObject, type JsonValue } from '@trivet/contracts';
import { evaluate } from '../expression.js';
import { travellingInput } from '../large-value.js';
import { scopeFor } from '../scope.js';
import { withoutNulls } from '../without-nulls.js';
import type { Outcome } from '../transition.js';
import type { Beginning } from './beginning.js';

/**
 * A durable tool-calling loop. Each model turn and each tool call is a step inside it with a call of its own, so that a
 * crash repeats none of them.
 */
export function beginAgent({ state, step, planStep, attempt, callId, around, child }: Beginning): Outcome {
  const written: JsonValue = planStep.prompt !== undefined && isObject(planStep.input) ? { prompt: planStep.prompt, ...planStep.input } : (planStep.input ?? {});
  const input = parseOrFail(AgentInput, withoutNulls(evaluate(written, scopeFor(state, step, around))), `the input of step ${step.id}`);
  const { fields, effects } = travellingInput(JSON.parse(JSON.stringify(input)));
  return { facts: [{ type: 'step.started', data: { ...child, stepId: step.id, callId, attempt, ...fields, work: { kind: 'agent' } } }], effects };
}

const isObject = (value: JsonValue | undefined): value is JsonObject => value !== null && typeof value === 'object' && !Array.isArray(value);
