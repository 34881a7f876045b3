import { createHash } from 'node:crypto';
import { ChildInput, canonicalJson, parseOrFail, type AcceptedTask, type EventData, type Plan } from '@trivet/contracts';
import type { Blobs, WorkflowRef } from '@trivet/state';
import type { StepState, WorkflowState } from '../workflow/state.js';
import type { Planned } from './intake.js';

/**
 * The task of a child workflow: what its step says, within the deadline of its parent, on the same accounts, and of the same
 * user, session, priority and labels.
 * @throws FailureError: it cannot run as it is written
 */
export async function childTask(
  blobs: Pick<Blobs, 'load'>,
  parent: WorkflowState,
  step: StepState,
  childId: string,
  planOf: (task: { plan?: Plan | undefined; template?: string | undefined }) => Promise<Planned>,
): Promise<{ ref: WorkflowRef; data: EventData<'task.accepted'> }> {
  const { accepted } = parent;
  const input = parseOrFail(ChildInput, step.inputRef ? await blobs.load(step.inputRef) : step.input, `the input of step ${step.id}`);
  const planned = await planOf(input);
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
