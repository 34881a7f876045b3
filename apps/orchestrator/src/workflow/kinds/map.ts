import { FailureError, MOST_ITEMS, type Collect, type JsonValue, type PlanStep, type StepWork } from '@trivet/contracts';
import { evaluate } from '../expression.js';
import { travelling, travellingInput } from '../large-value.js';
import { scopeFor } from '../scope.js';
import type { Effect, Outcome } from '../transition.js';
import type { Beginning } from './beginning.js';

/** A longer list is kept by reference, since the step's record is written each time an item ends. */
const INLINE_ITEMS_BYTES = 1_024;

export type MapWork = Extract<StepWork, { kind: 'map' }>;

/** Evaluates the list; its items begin right after. */
export function beginMap({ state, step, planStep, attempt, callId, around, child }: Beginning): Outcome {
  const items = evaluate(planStep.over ?? null, scopeFor(state, step, around));
  if (!Array.isArray(items)) throw new FailureError('expression_invalid', `The list of the map step ${step.id} is ${describe(items)}; over must give a list.`);
  if (items.length > MOST_ITEMS) throw new FailureError('expression_invalid', `The list of the map step ${step.id} has ${items.length} items; the limit is ${MOST_ITEMS}.`);
  const kept = travelling(items, INLINE_ITEMS_BYTES);
  const work: MapWork = { kind: 'map', total: items.length, ...('reference' in kept ? { itemsRef: kept.reference } : { items }) };
  const { fields } = 'reference' in kept ? { fields: { inputRef: kept.reference } } : travellingInput(items);
  const collect = collectOf(planStep);
  const deadline: Effect[] = collect.withinMs === undefined ? [] : [{ do: 'timer', timer: `collect-${step.id}`, delayMs: collect.withinMs }];
  return { facts: [{ type: 'step.started', data: { ...child, stepId: step.id, callId, attempt, ...fields, work } }], effects: [...kept.effects, ...deadline] };
}

/** `any` is: at least one. */
export function collectOf(planStep: PlanStep): { atLeast?: number; withinMs?: number } {
  const collect: Collect = planStep.collect ?? 'all';
  if (collect === 'all') return {};
  if (collect === 'any') return { atLeast: 1 };
  return { atLeast: collect.atLeast, ...(collect.withinMs === undefined ? {} : { withinMs: collect.withinMs }) };
}

const describe = (value: JsonValue): string => (value === null ? 'null' : `a ${typeof value}`);
