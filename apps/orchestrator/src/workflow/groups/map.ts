import type { ChildLink, JsonValue, PlanStep } from '@trivet/contracts';
import { beginInside } from '../commands/begin-step.js';
import { completeStep } from '../commands/complete-step.js';
import { endInside } from '../commands/end-steps.js';
import { failStep } from '../commands/fail-step.js';
import { stepsInside } from '../inside.js';
import { collectOf, type MapWork } from '../kinds/map.js';
import { planStepOf } from '../plan-index.js';
import { outputOf } from '../scope.js';
import type { StepState, WorkflowState } from '../state.js';
import { NOTHING, type Effect, type Outcome, type Surroundings } from '../transition.js';

/** Items at once, when the plan does not say. */
const PARALLEL = 16;

type Open = Extract<StepState, { status: 'open' }>;

/** An item ended, or the map has just begun: enough, too few, or on with the next items. */
export function goOnMap(state: WorkflowState, step: Open, work: MapWork, around: Surroundings): Outcome {
  const planStep = planStepOf(state, step.id);
  if (!planStep?.step) return NOTHING;
  const { count, completed, without } = step.inside ?? { count: 0, completed: 0, without: 0 };
  const collect = collectOf(planStep);
  const needed = collect.atLeast ?? work.total;
  const tolerant = collect.atLeast !== undefined || (planStep.step.onFailure ?? 'fail') !== 'fail';
  const failed = tolerant ? undefined : firstFailure(state, step, without);
  if (failed) return failStep(state, step, failed, around);
  if (completed >= needed || completed + without === work.total) {
    const enough = collect.atLeast === undefined || completed >= needed;
    return enough ? collected(state, step, collect.atLeast !== undefined, around) : tooFew(state, step, { completed, needed, total: work.total }, around);
  }
  if (collect.atLeast !== undefined && work.total - without < needed) return tooFew(state, step, { completed, needed, total: work.total }, around);
  if (state.paused) return NOTHING;
  const running = count - completed - without;
  const most = Math.min(planStep.parallel ?? PARALLEL, work.total) - running;
  return beginItems(state, step, planStep.step, { from: count, to: Math.min(work.total, count + most) }, around);
}

/** The time for enough items has passed. */
export function mapTimeOut(state: WorkflowState, stepId: string, around: Surroundings): Outcome {
  const step = state.steps.get(stepId);
  const planStep = planStepOf(state, stepId);
  if (step?.status !== 'open' || step.work.kind !== 'map' || !planStep) return NOTHING;
  const completed = step.inside?.completed ?? 0;
  const needed = collectOf(planStep).atLeast ?? step.work.total;
  return completed >= needed ? collected(state, step, true, around) : tooFew(state, step, { completed, needed, total: step.work.total }, around);
}

function beginItems(state: WorkflowState, step: Open, inner: PlanStep, range: { from: number; to: number }, around: Surroundings): Outcome {
  const facts: Outcome['facts'] = [];
  const effects: Effect[] = [];
  for (let index = range.from; index < range.to; index += 1) {
    const link: ChildLink = { parent: step.id, index, kind: inner.kind, ...(inner.tool ? { tool: inner.tool } : {}) };
    const outcome = beginInside(state, link, around);
    facts.push(...outcome.facts);
    effects.push(...outcome.effects);
  }
  return { facts, effects };
}

function collected(state: WorkflowState, step: Open, onlyCompleted: boolean, around: Surroundings): Outcome {
  const rest = endInside(state, step);
  const outputs: JsonValue[] = [];
  for (const item of stepsInside(state, step)) if (!onlyCompleted || item.status === 'completed') outputs.push(outputOf(item, around));
  const done = completeStep(state, step, outputs, around);
  return { facts: [...rest.facts, ...done.facts], effects: [...rest.effects, ...done.effects] };
}

function tooFew(state: WorkflowState, step: Open, { completed, needed, total }: { completed: number; needed: number; total: number }, around: Surroundings): Outcome {
  const message = `Of the ${total} items of step ${step.id}, ${completed} completed; it needs at least ${needed}.`;
  return failStep(state, step, { code: 'map_incomplete', message, hint: 'Look at the failures of its items; lower atLeast, or raise withinMs.' }, around);
}

function firstFailure(state: WorkflowState, step: StepState, without: number): Extract<StepState, { status: 'failed' }>['failure'] | undefined {
  if (without === 0) return undefined;
  for (const item of stepsInside(state, step)) if (item.status === 'failed') return item.failure;
  return undefined;
}
