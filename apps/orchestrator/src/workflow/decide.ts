import { holds, stepsIn } from './expression.js';
import { dependenciesOf, planIndex, planStepOf } from './plan-index.js';
import { scopeOf } from './scope.js';
import { hasEnded, stepHasEnded, type StepState, type WorkflowState } from './state.js';
import type { Command, Surroundings } from './transition.js';

/**
 * What a workflow wants done next, given the steps worth a look: those that just changed and those that wait for
 * them. An empty answer means: wait for the next input. A paused workflow begins nothing.
 */
export function decide(state: WorkflowState, candidates: Iterable<string>, around: Surroundings): Command[] {
  if (hasEnded(state)) return [];
  if (state.status === 'accepted') return [{ command: 'start' }];
  const commands: Command[] = [];
  for (const stepId of candidates) {
    const step = state.steps.get(stepId);
    if (!step) continue;
    if (step.status === 'failed' && !step.childOf && policyOf(state, stepId) === 'fail') return [{ command: 'fail', failure: step.failure }];
    if (step.status === 'open' && isGroup(step)) commands.push({ command: 'go-on', stepId });
    if (state.paused) continue;
    if (step.status === 'pending') commands.push(...(step.childOf ? [{ command: 'begin', stepId } as const] : startOf(state, step, around)));
  }
  if (commands.length === 0 && state.done === state.steps.planned) return [{ command: 'complete' }];
  return commands;
}

/** The steps to look at after some have changed: they themselves, those that wait for them, and the steps around them. */
export function candidatesAfter(state: WorkflowState, changed: Iterable<string>): Set<string> {
  const { dependents } = planIndex(state.accepted.plan);
  const candidates = new Set<string>();
  for (const stepId of changed) {
    candidates.add(stepId);
    for (const dependent of dependents.get(stepId) ?? []) candidates.add(dependent);
    const parent = state.steps.get(stepId)?.childOf?.parent;
    if (parent !== undefined) candidates.add(parent);
  }
  return candidates;
}

const isGroup = (step: Extract<StepState, { status: 'open' }>): boolean => step.work.kind === 'map' || step.work.kind === 'agent' || step.work.kind === 'code';

function startOf(state: WorkflowState, step: StepState, around: Surroundings): Command[] {
  const dependencies = dependenciesOf(state, step.id);
  const all = dependencies.map((id) => state.steps.get(id));
  if (!all.every((dependency) => dependency !== undefined && stepHasEnded(dependency))) return [];
  const when = planStepOf(state, step.id)?.when;
  const denied = all.find((dependency) => dependency !== undefined && isDenied(state, dependency) && !(when && stepsIn(when).includes(dependency.id)));
  if (denied) return [{ command: 'skip', stepId: step.id, reason: `the approval ${denied.id} was denied` }];
  if (when !== undefined && !holds(when, scopeOf(state, dependencies, around))) return [{ command: 'skip', stepId: step.id, reason: `when is not true: ${when}` }];
  return [{ command: 'begin', stepId: step.id }];
}

/** What a person denied does not run, unless the plan's `when` looks at the decision itself. */
function isDenied(state: WorkflowState, step: StepState): boolean {
  if (step.status !== 'completed' || planStepOf(state, step.id)?.kind !== 'approval') return false;
  const { output } = step;
  return output !== null && typeof output === 'object' && !Array.isArray(output) && output['decision'] === 'deny';
}

const policyOf = (state: WorkflowState, stepId: string): 'fail' | 'continue' | 'degrade' => planStepOf(state, stepId)?.onFailure ?? 'fail';
