import type { Fact, Plan, PlanStep, WorkflowEvent } from '@trivet/contracts';

/** A step as the tree shows it, folded from the events. */
export interface StepView {
  id: string;
  kind: string;
  /** The tool's name, or the step's kind. */
  what: string;
  dependsOn: readonly string[];
  status: 'pending' | 'running' | 'completed' | 'failed' | 'skipped' | 'cancelled';
  startedAtMs: number | undefined;
  endedAtMs: number | undefined;
  tokens: number;
  /** What a person should know: a retry, a worker that died, a failure. */
  notes: readonly string[];
}

export interface WorkflowView {
  goal: string;
  steps: ReadonlyMap<string, StepView>;
  ended: 'completed' | 'failed' | 'cancelled' | undefined;
  /** Of the workflow itself, when it failed. */
  failure: string | undefined;
}

export const EMPTY_VIEW: WorkflowView = { goal: '', steps: new Map(), ended: undefined, failure: undefined };

/** The view after one more event. Pure; an event it does not know changes nothing. */
export function foldEvent(view: WorkflowView, event: WorkflowEvent): WorkflowView {
  const atMs = Date.parse(event.at);
  const fact: Fact = event;
  switch (fact.type) {
    case 'task.accepted':
      return { ...view, goal: fact.data.task.goal, steps: stepsOf(fact.data.plan) };
    case 'step.scheduled':
      return change(view, fact.data.stepId, (step) => ({ status: 'running', startedAtMs: step.startedAtMs ?? atMs }));
    case 'step.retrying':
      return change(view, fact.data.stepId, (step) => ({ notes: [...step.notes, `attempt ${fact.data.call.attempt} failed (${fact.data.failure.code}), tried again`], tokens: step.tokens + tokensOf(fact.data.call) }));
    case 'step.completed':
      return change(view, fact.data.stepId, (step) => ({ status: 'completed', endedAtMs: atMs, tokens: step.tokens + tokensOf(fact.data.call) }));
    case 'step.failed':
      return change(view, fact.data.stepId, (step) => ({ status: 'failed', endedAtMs: atMs, notes: [...step.notes, fact.data.failure.message] }));
    case 'step.skipped':
      return change(view, fact.data.stepId, (step) => ({ status: 'skipped', notes: [...step.notes, fact.data.reason] }));
    case 'step.cancelled':
      return change(view, fact.data.stepId, () => ({ status: 'cancelled', endedAtMs: atMs }));
    case 'call.lost':
      return change(view, fact.data.stepId, (step) => ({ notes: [...step.notes, `${fact.data.worker} died, another worker took over`] }));
    case 'call.completed':
      return change(view, fact.data.stepId, (step) => ({ tokens: step.tokens + tokensOf(fact.data.call) }));
    case 'workflow.completed':
      return { ...view, ended: 'completed' };
    case 'workflow.failed':
      return { ...view, ended: 'failed', failure: fact.data.failure.message };
    case 'workflow.cancelled':
      return { ...view, ended: 'cancelled', failure: fact.data.reason };
    default:
      return view;
  }
}

function stepsOf(plan: Plan): ReadonlyMap<string, StepView> {
  return new Map(
    plan.steps.map((step) => {
      const view: StepView = { id: step.id, kind: step.kind, what: step.tool ?? step.kind, dependsOn: dependenciesOf(step, plan), status: 'pending', startedAtMs: undefined, endedAtMs: undefined, tokens: 0, notes: [] };
      return [step.id, view];
    }),
  );
}

/** What the plan says, and what a step's expressions refer to: `steps.<id>` makes it wait just the same. */
function dependenciesOf(step: PlanStep, plan: Plan): string[] {
  const expressions = JSON.stringify([step.input, step.when, step.over, step.step]);
  const mentioned = new Set([...expressions.matchAll(/\bsteps\.(?:\\"|")?([A-Za-z0-9_-]+)/g)].map((match) => match[1]));
  return plan.steps.map(({ id }) => id).filter((id) => id !== step.id && (mentioned.has(id) || (step.dependsOn ?? []).includes(id)));
}

function change(view: WorkflowView, stepId: string, difference: (step: StepView) => Partial<StepView>): WorkflowView {
  const step = view.steps.get(stepId);
  if (!step) return view;
  return { ...view, steps: new Map(view.steps).set(stepId, { ...step, ...difference(step) }) };
}

function tokensOf(call: { usage: { totalTokens: number } | null }): number {
  return call.usage?.totalTokens ?? 0;
}
