import type { Account, BudgetState, JsonValue, Step, Workflow } from '@trivet/contracts';
import type { Accepted, StepState, WorkflowState } from '../workflow/state.js';
import type { HeadRecord } from '../runner/codec.js';

/** What is shown of a workflow, made from its record and its account. */
export function workflowView(accepted: Accepted, head: HeadRecord, budget: BudgetState, options: { result: JsonValue | null; waitingFor: string | null; allWait: boolean }): Workflow {
  return {
    workflowId: accepted.workflowId,
    tenant: accepted.tenant,
    status: options.allWait && head.status === 'running' ? 'waiting' : head.status,
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
  };
}

/** @param holder who runs the step's call now, if anybody does */
export function stepView(state: WorkflowState, step: StepState, values: { input: JsonValue | null; output: JsonValue | null }, holder: { worker: string; startedAt: string | null } | null): Step {
  const planStep = state.accepted.plan.steps.find((candidate) => candidate.id === step.id);
  const open: Step['calls'] = step.status === 'scheduled' ? [{ callId: step.callId, attempt: step.attempt, worker: holder?.worker ?? null, startedAt: holder?.startedAt ?? null, finishedAt: null, usage: null, sandbox: null, outcome: null }] : [];
  return {
    id: step.id,
    kind: planStep?.kind ?? 'tool',
    title: planStep?.title ?? null,
    status: step.status === 'retrying' ? 'waiting' : step.status === 'scheduled' && holder ? 'running' : step.status,
    attempts: step.attempts,
    startedAt: step.startedAt,
    finishedAt: step.finishedAt,
    input: values.input,
    output: values.output,
    failure: step.status === 'failed' || step.status === 'retrying' ? step.failure : null,
    calls: [...step.calls, ...open],
  };
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
