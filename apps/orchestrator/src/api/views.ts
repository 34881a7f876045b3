import type { Account, BudgetState, JsonValue, PlanStep, Step, StepStatus, Workflow } from '@trivet/contracts';
import { childIdOf } from '../workflow/kinds/child-workflow.js';
import { planStepOf } from '../workflow/plan-index.js';
import type { Accepted, StepState, WorkflowState } from '../workflow/state.js';
import type { HeadRecord } from '../runner/codec.js';

/** What is shown of a workflow, made from its record and its account. */
export function workflowView(accepted: Accepted, head: HeadRecord, budget: BudgetState, options: { result: JsonValue | null } & Pick<Workflow, 'waitingFor' | 'waitingSince' | 'degraded'>): Workflow {
  return {
    workflowId: accepted.workflowId,
    tenant: accepted.tenant,
    status: head.status,
    goal: accepted.task.goal,
    template: accepted.template,
    labels: accepted.task.labels ?? {},
    createdAt: accepted.createdAt,
    startedAt: head.startedAt,
    finishedAt: head.finishedAt,
    steps: { done: head.done, total: head.total },
    budget,
    result: options.result,
    failure: head.failure ?? null,
    traceId: accepted.traceparent?.split('-')[1] ?? null,
    waitingFor: options.waitingFor,
    ...(options.waitingSince === undefined ? {} : { waitingSince: options.waitingSince }),
    ...(accepted.fork ? { forkedFrom: accepted.fork } : {}),
    ...(accepted.parent ? { parent: { workflowId: accepted.parent.workflowId, stepId: accepted.parent.stepId } } : {}),
    ...(options.degraded && options.degraded.length > 0 ? { degraded: options.degraded } : {}),
  };
}

/** @param holder who runs the step's call now, if anybody does */
export function stepView(state: WorkflowState, step: StepState, values: { input: JsonValue | null; output: JsonValue | null }, holder: { worker: string; startedAt: string | null } | null): Step {
  const planStep = planStepOf(state, step.id);
  const open: Step['calls'] = step.status === 'scheduled' ? [{ callId: step.callId, attempt: step.attempt, worker: holder?.worker ?? null, startedAt: holder?.startedAt ?? null, finishedAt: null, usage: null, sandbox: null, outcome: null }] : [];
  const work = step.status === 'open' ? step.work : undefined;
  return {
    id: step.id,
    kind: planStep?.kind ?? 'tool',
    title: planStep?.title ?? null,
    status: shownStepStatus(step, holder !== null),
    attempts: step.attempts,
    startedAt: step.startedAt,
    finishedAt: step.finishedAt,
    input: values.input,
    output: values.output,
    failure: step.status === 'failed' || step.status === 'retrying' ? step.failure : null,
    calls: [...step.calls, ...open],
    ...(step.childOf ? { parent: step.childOf.parent } : {}),
    ...(work?.kind === 'approval' ? { approvalId: work.approvalId } : {}),
    ...(begunChild(step, planStep, values.input) ? { childWorkflowId: childIdOf(state.accepted, step.id, step.attempts) } : {}),
    ...(step.reusedFrom ? { reusedFrom: step.reusedFrom } : {}),
  };
}

/** A step that only checked a plan has begun no child, and one that a fork took over has begun none here. */
function begunChild(step: StepState, planStep: PlanStep | undefined, input: JsonValue | null): boolean {
  if (planStep?.kind !== 'workflow' || step.attempts === 0 || step.reusedFrom !== undefined) return false;
  return !(input !== null && typeof input === 'object' && !Array.isArray(input) && input['dryRun'] === true);
}

function shownStepStatus(step: StepState, isHeld: boolean): StepStatus {
  if (step.status === 'retrying') return 'waiting';
  if (step.status === 'open') return step.work.kind === 'map' || step.work.kind === 'agent' || step.work.kind === 'code' ? 'running' : 'waiting';
  return step.status === 'scheduled' && isHeld ? 'running' : step.status;
}

/** The total window of a workflow's account. */
export function budgetOf(account: Account): BudgetState {
  const total = account.windows.find((window) => window.window === 'total');
  return {
    limitTokens: total?.limitTokens ?? null,
    usedTokens: total?.usedTokens ?? 0,
    heldTokens: total?.heldTokens ?? 0,
    limitNanoUsd: total?.limitNanoUsd ?? null,
    usedNanoUsd: total?.usedNanoUsd ?? 0,
    heldNanoUsd: total?.heldNanoUsd ?? 0,
  };
}
