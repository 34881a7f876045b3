import type { Plan, PlanStep } from '@trivet/contracts';
import { referredSteps } from './expression.js';
import type { StepState, WorkflowState } from './state.js';

export interface PlanIndex {
  byId: ReadonlyMap<string, PlanStep>;
  /** For each step, the steps it waits for: named in dependsOn, or referred to in an expression. */
  dependencies: ReadonlyMap<string, readonly string[]>;
  dependents: ReadonlyMap<string, readonly string[]>;
}

const indexes = new WeakMap<Plan, PlanIndex>();

/** The plan's steps by id and how they hang together, computed once a plan. */
export function planIndex(plan: Plan): PlanIndex {
  const known = indexes.get(plan);
  if (known) return known;
  const byId = new Map(plan.steps.map((step) => [step.id, step]));
  const dependencies = new Map<string, readonly string[]>();
  const dependents = new Map<string, string[]>();
  for (const step of plan.steps) {
    const needs = [...new Set([...(step.dependsOn ?? []), ...referredSteps(step)])].filter((id) => byId.has(id));
    dependencies.set(step.id, needs);
    for (const need of needs) {
      const known = dependents.get(need);
      if (known) known.push(step.id);
      else dependents.set(need, [step.id]);
    }
  }
  const index = { byId, dependencies, dependents };
  indexes.set(plan, index);
  return index;
}

/** What the plan says of a step; for one inside another, what the step around it says of those inside. */
export function planStepOf(state: WorkflowState, stepId: string): PlanStep | undefined {
  const planned = planIndex(state.accepted.plan).byId.get(stepId);
  if (planned) return planned;
  const link = state.steps.get(stepId)?.childOf;
  return link && planStepInside(state, link, stepId);
}

export function planStepInside(state: WorkflowState, link: NonNullable<StepState['childOf']>, stepId: string): PlanStep | undefined {
  const around = planStepOf(state, link.parent);
  if (around?.kind === 'map') return around.step && { ...around.step, id: stepId };
  return { id: stepId, kind: link.kind, ...(link.tool ? { tool: link.tool } : {}), ...(around?.timeoutMs ? { timeoutMs: around.timeoutMs } : {}), ...(around?.retry ? { retry: around.retry } : {}) };
}

/** The step of the plan that a step belongs to: itself, or the outermost step around it. */
export function planRootOf(state: WorkflowState, stepId: string): string {
  let id = stepId;
  for (let link = state.steps.get(id)?.childOf; link; link = state.steps.get(id)?.childOf) id = link.parent;
  return id;
}

/** The steps that a step's expressions may see. */
export const dependenciesOf = (state: WorkflowState, stepId: string): readonly string[] => planIndex(state.accepted.plan).dependencies.get(planRootOf(state, stepId)) ?? [];
