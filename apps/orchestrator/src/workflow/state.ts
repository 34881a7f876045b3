import type { AcceptedTask, BlobReference, CallRecord, EventData, Failure, JsonValue, Plan, PlanStep } from '@trivet/contracts';
import { referredSteps } from './expression.js';
import type { StepTable } from './step-table.js';

interface StepCommon {
  id: string;
  /** Attempts begun so far. */
  attempts: number;
  startedAt: string | null;
  finishedAt: string | null;
  /** Calls that ended, oldest first; also model calls made inside the step's tool. */
  calls: readonly CallRecord[];
  input: JsonValue | null;
  inputRef?: BlobReference;
}

/** A step, by how far it is. */
export type StepState = StepCommon &
  (
    | { status: 'pending' }
    /** A call of it is queued or with a worker. */
    | { status: 'scheduled'; callId: string; attempt: number; deaths: number }
    /** It failed and is tried again when its timer fires. */
    | { status: 'retrying'; attempt: number; retryAt: number; failure: Failure }
    | { status: 'completed'; output: JsonValue | null; outputRef?: BlobReference }
    | { status: 'failed'; failure: Failure }
    | { status: 'skipped'; reason: string }
    | { status: 'cancelled' }
  );

/** What was accepted: it never changes. */
export interface Accepted {
  tenant: string;
  workflowId: string;
  task: AcceptedTask;
  plan: Plan;
  template: string | null;
  templateDigest: string | null;
  source: EventData<'task.accepted'>['source'];
  bodyHash: string;
  traceparent: string | null;
  createdAt: string;
}

interface WorkflowCommon {
  accepted: Accepted;
  steps: StepTable<StepState>;
  /** Steps that have come to an end. */
  done: number;
  startedAt: string | null;
}

/** A workflow, by how far it is. */
export type WorkflowState = WorkflowCommon &
  (
    | { status: 'accepted' }
    | { status: 'running' }
    | { status: 'completed'; finishedAt: string; result: JsonValue | null; resultRef?: BlobReference }
    | { status: 'failed'; finishedAt: string; failure: Failure }
    | { status: 'cancelled'; finishedAt: string; reason: string }
  );

export const hasEnded = (state: WorkflowState): boolean => state.status === 'completed' || state.status === 'failed' || state.status === 'cancelled';

/** The timer that begins a workflow whose account has to be opened first. */
export const BEGIN_TIMER = 'begin';

export const hasOwnBudget = ({ accepted: { task } }: WorkflowState): boolean => task.budget?.tokens !== undefined || task.budget?.costUsd !== undefined;

export const stepHasEnded = (step: StepState): boolean =>
  step.status === 'completed' || step.status === 'failed' || step.status === 'skipped' || step.status === 'cancelled';

export function planStepOf(state: WorkflowState, stepId: string): PlanStep | undefined {
  return planIndex(state.accepted.plan).byId.get(stepId);
}

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
    for (const need of needs) dependents.set(need, [...(dependents.get(need) ?? []), step.id]);
  }
  const index = { byId, dependencies, dependents };
  indexes.set(plan, index);
  return index;
}
