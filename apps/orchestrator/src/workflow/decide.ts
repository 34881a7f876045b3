import { holds } from './expression.js';
import { dependenciesOf, scopeOf } from './scope.js';
import { hasEnded, planIndex, planStepOf, stepHasEnded, type StepState, type WorkflowState } from './state.js';
import type { Command, Surroundings } from './transition.js';

/**
 * What a workflow wants done next, given the steps worth a look: those that just changed and those that wait for
 * them. An empty answer means: wait for the next input.
 */
export function decide(state: WorkflowState, candidates: Iterable<string>, around: Surroundings): Command[] {
  if (hasEnded(state)) return [];
  if (state.status === 'accepted') return [{ command: 'start' }];
  const commands: Command[] = [];
  for (const stepId of candidates) {
    const step = state.steps.get(stepId);
    if (!step) continue;
    if (step.status === 'failed' && policyOf(state, stepId) === 'fail') return [{ command: 'fail', failure: step.failure }];
    if (step.status === 'pending') commands.push(...startOf(state, step, around));
  }
  if (commands.length === 0 && state.done === state.steps.size) return [{ command: 'complete' }];
  return commands;
}

/** The steps to look at after some have changed: they themselves and those that wait for them. */
export function candidatesAfter(state: WorkflowState, changed: Iterable<string>): Set<string> {
  const { dependents } = planIndex(state.accepted.plan);
  const candidates = new Set<string>();
  for (const stepId of changed) {
    candidates.add(stepId);
    for (const dependent of dependents.get(stepId) ?? []) candidates.add(dependent);
  }
  return candidates;
}

function startOf(state: WorkflowState, step: StepState, around: Surroundings): Command[] {
  const dependencies = dependenciesOf(state, step.id);
  const all = dependencies.map((id) => state.steps.get(id));
  if (!all.every((dependency) => dependency !== undefined && stepHasEnded(dependency))) return [];
  const when = planStepOf(state, step.id)?.when;
  if (when !== undefined && !holds(when, scopeOf(state, dependencies, around))) return [{ command: 'skip', stepId: step.id, reason: `when is not true: ${when}` }];
  return [{ command: 'schedule', stepId: step.id, attempt: 1 }];
}

const policyOf = (state: WorkflowState, stepId: string): 'fail' | 'continue' | 'degrade' => planStepOf(state, stepId)?.onFailure ?? 'fail';
