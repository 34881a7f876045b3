import { Failure, Json, WORKFLOW_STATUSES, type WorkflowEvent, type WorkflowStatus } from '@trivet/contracts';
import type { StoredWorkflow } from '@trivet/state';
import { z } from 'zod';
import { createStepTable } from '../workflow/step-table.js';
import { pendingStep } from '../workflow/events/task-accepted.js';
import { planIndex } from '../workflow/plan-index.js';
import { hasEnded, type Accepted, type StepState, type WorkflowState } from '../workflow/state.js';

/** How a workflow's state is kept in Redis: what never changes, what changes as a whole, and each step by itself. */

const HeadRecord = z.object({
  status: z.enum(WORKFLOW_STATUSES).describe('As it is shown: a running workflow may be paused, or wait.'),
  done: z.number().int(),
  total: z.number().int(),
  calling: z.number().int().default(0),
  waiting: z.number().int().default(0),
  children: z.number().int().default(0),
  signals: z.array(z.object({ name: z.string(), payload: Json })).default([]),
  paused: z.object({ reason: z.string() }).nullable().default(null),
  deadlineAt: z.number().nullable().default(null),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  result: Json.optional(),
  resultRef: z.object({ blob: z.string(), bytes: z.number() }).optional(),
  failure: Failure.optional(),
  reason: z.string().optional(),
});
export type HeadRecord = z.infer<typeof HeadRecord>;

export const encodeAccepted = (accepted: Accepted): string => JSON.stringify(accepted);
export const decodeAccepted = (text: string): Accepted => JSON.parse(text);

export function headOf(state: WorkflowState): HeadRecord {
  const { done, calling, waiting, children, signals, paused, deadlineAt, startedAt } = state;
  const common = { status: shownStatus(state), done, total: state.steps.planned, calling, waiting, children, signals: [...signals], paused, deadlineAt, startedAt, finishedAt: null };
  switch (state.status) {
    case 'accepted':
    case 'running':
      return common;
    case 'completed':
      return { ...common, finishedAt: state.finishedAt, ...(state.resultRef ? { resultRef: state.resultRef } : { result: state.result }) };
    case 'failed':
      return { ...common, finishedAt: state.finishedAt, failure: state.failure };
    case 'cancelled':
      return { ...common, finishedAt: state.finishedAt, reason: state.reason };
    default:
      return unreachable(state);
  }
}

/** A running workflow waits when all that is open in it waits for a person, a time, a signal or another workflow. */
export function shownStatus(state: WorkflowState): WorkflowStatus {
  if (hasEnded(state) || state.status === 'accepted') return state.status;
  if (state.paused) return 'paused';
  return state.waiting > 0 && state.calling === 0 ? 'waiting' : state.status;
}

export const encodeHead = (state: WorkflowState): string => JSON.stringify(headOf(state));
export const decodeHead = (text: string): HeadRecord => HeadRecord.parse(JSON.parse(text));

/** A large value is kept by its reference only. */
export function encodeStep(step: StepState): string {
  const bare = 'outputRef' in step && step.outputRef ? { ...step, output: null } : step;
  return JSON.stringify(bare.inputRef ? { ...bare, input: null } : bare);
}
/** An event as it stands in the history, without its hash. */
export function decodeEvent(text: string): WorkflowEvent {
  const { hash: _, ...event }: WorkflowEvent & { hash?: string } = JSON.parse(text);
  return event;
}

export const decodeStep = (text: string): StepState => JSON.parse(text);

export function decodeWorkflow(stored: StoredWorkflow): WorkflowState {
  const accepted = decodeAccepted(stored.task);
  const head = decodeHead(stored.head);
  const planned = [...planIndex(accepted.plan).byId.keys()];
  const isPlanned = new Set(planned);
  const rows = planned.map((id) => {
    const text = stored.steps.get(id);
    return text === undefined ? pendingStep(id) : decodeStep(text);
  });
  const inside = [...stored.steps].filter(([id]) => !isPlanned.has(id)).map(([, text]) => decodeStep(text)).sort(byPlace);
  const { done, calling, waiting, children, signals, paused, deadlineAt, startedAt } = head;
  const common = { accepted, steps: createStepTable(rows, inside), done, calling, waiting, children, signals, paused, deadlineAt, startedAt };
  const finishedAt = head.finishedAt ?? accepted.createdAt;
  switch (head.status) {
    case 'accepted':
      return { ...common, status: 'accepted' };
    case 'running':
    case 'waiting':
    case 'paused':
      return { ...common, status: 'running' };
    case 'completed':
      return { ...common, status: 'completed', finishedAt, result: head.result ?? null, ...(head.resultRef ? { resultRef: head.resultRef } : {}) };
    case 'failed':
      return { ...common, status: 'failed', finishedAt, failure: head.failure ?? { code: 'internal', message: 'The failure was not recorded.' } };
    case 'cancelled':
      return { ...common, status: 'cancelled', finishedAt, reason: head.reason ?? '' };
    default:
      return unreachable(head.status);
  }
}

function byPlace(left: StepState, right: StepState): number {
  if (left.childOf?.parent !== right.childOf?.parent) return (left.childOf?.parent ?? '') < (right.childOf?.parent ?? '') ? -1 : 1;
  return (left.childOf?.index ?? 0) - (right.childOf?.index ?? 0);
}

function unreachable(value: never): never {
  throw new RangeError(`unknown status ${JSON.stringify(value)}`);
}
