import { createHash } from 'node:crypto';
import { ChildInput, FailureError, Json, canonicalJson, parseOrFail, type AcceptedTask, type EventData, type JsonValue } from '@trivet/contracts';
import type { Blobs, WorkflowRef } from '@trivet/state';
import type { StepState, WorkflowState } from '../workflow/state.js';
import type { Planned, ToPlan } from '../planning/plan-task.js';
import { readMadePlan } from '../workflow/made-plan.js';

/** What a step asks of its child. Of one that is only checked the plan may be anything. */
export type ChildRequest = Omit<ChildInput, 'plan'> & { plan?: unknown };

/** @throws FailureError: it is not what a workflow step takes */
export async function childInputOf(blobs: Pick<Blobs, 'load'>, step: StepState): Promise<ChildRequest> {
  const stored = step.inputRef ? await blobs.load(step.inputRef) : step.input;
  const { plan, ...rest } = stored !== null && typeof stored === 'object' && !Array.isArray(stored) ? stored : { plan: undefined };
  return { ...parseOrFail(ChildInput, rest, `the input of step ${step.id}`), ...(plan === undefined ? {} : { plan }) };
}

/** Under a plan that a model makes from a catalog only the tools of the catalog are used, however deep. */
export function allowedToolsBelow({ accepted }: WorkflowState): readonly string[] | undefined {
  return accepted.allowedTools ?? accepted.catalog?.tools.map(({ name }) => name);
}

const MOST_MISTAKES = 50;

/** Whether a child could run, with its mistakes: the output of a step with `dryRun`. */
export async function checkChild(input: ChildRequest, planTask: (task: ToPlan) => Promise<Planned>): Promise<JsonValue> {
  try {
    await planTask({ goal: input.goal, template: input.template, ...(input.plan === undefined ? {} : { plan: readMadePlan(Json.parse(input.plan)) }) });
    return { valid: true, mistakes: [] };
  } catch (error) {
    if (!(error instanceof FailureError) || error.errors.length === 0) throw error;
    return { valid: false, mistakes: error.errors.slice(0, MOST_MISTAKES).map(({ pointer, detail }) => ({ pointer, detail })) };
  }
}

/**
 * The task of a child workflow: what its step says, within the deadline of its parent, on the same accounts, and of the same
 * user, session, priority and labels.
 */
export function childTask({ parent, step, childId }: { parent: WorkflowState; step: StepState; childId: string }, input: ChildRequest, planned: Planned): { ref: WorkflowRef; data: EventData<'task.accepted'> } {
  const { accepted } = parent;
  const { user, session, concurrencyKey, labels, priority, budget } = accepted.task;
  const onExceed = input.budget?.onExceed ?? budget?.onExceed;
  const task: AcceptedTask = {
    goal: input.goal,
    ...(input.template === undefined ? {} : { template: input.template }),
    ...(input.input === undefined ? {} : { input: input.input }),
    ...(input.budget || onExceed ? { budget: { ...input.budget, ...(onExceed ? { onExceed } : {}) } } : {}),
    ...(user ? { user } : {}),
    ...(session ? { session } : {}),
    ...(concurrencyKey ? { concurrencyKey } : {}),
    ...(labels ? { labels } : {}),
    ...(priority ? { priority } : {}),
    ...(parent.deadlineAt === null ? {} : { deadlineMs: Math.max(1, parent.deadlineAt - Date.parse(step.startedAt ?? accepted.createdAt)) }),
  };
  const ancestors = [accepted.workflowId, ...(accepted.parent?.ancestors ?? [])];
  return {
    ref: { tenant: accepted.tenant, workflowId: childId },
    data: {
      tenant: accepted.tenant,
      task,
      ...planned,
      source: 'workflow',
      bodyHash: createHash('sha256').update(canonicalJson(task)).digest('hex'),
      traceparent: accepted.traceparent,
      parent: { workflowId: accepted.workflowId, stepId: step.id, ancestors },
    },
  };
}
