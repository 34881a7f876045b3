import { Failure } from '@trivet/contracts';
import type { StoredWorkflow } from '@trivet/state';
import { z } from 'zod';
import { createStepTable } from '../workflow/step-table.js';
import { planIndex, type Accepted, type StepState, type WorkflowState } from '../workflow/state.js';

/** How a workflow's state is kept in Redis: what never changes, what changes as a whole, and each step by itself. */

const HeadRecord = z.object({
  status: z.enum(['accepted', 'running', 'completed', 'failed', 'cancelled']),
  done: z.number().int(),
  total: z.number().int(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  result: z.json().optional(),
  resultRef: z.object({ blob: z.string(), bytes: z.number() }).optional(),
  failure: Failure.optional(),
  reason: z.string().optional(),
});
export type HeadRecord = z.infer<typeof HeadRecord>;

export const encodeAccepted = (accepted: Accepted): string => JSON.stringify(accepted);
export const decodeAccepted = (text: string): Accepted => JSON.parse(text);

export function headOf(state: WorkflowState): HeadRecord {
  const common = { status: state.status, done: state.done, total: state.steps.size, startedAt: state.startedAt, finishedAt: null };
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

export const encodeHead = (state: WorkflowState): string => JSON.stringify(headOf(state));
export const decodeHead = (text: string): HeadRecord => HeadRecord.parse(JSON.parse(text));

/** A large value is kept by its reference only. */
export function encodeStep(step: StepState): string {
  const bare = 'outputRef' in step && step.outputRef ? { ...step, output: null } : step;
  return JSON.stringify(bare.inputRef ? { ...bare, input: null } : bare);
}
export const decodeStep = (text: string): StepState => JSON.parse(text);

export function decodeWorkflow(stored: StoredWorkflow): WorkflowState {
  const accepted = decodeAccepted(stored.task);
  const head = decodeHead(stored.head);
  const pending = (id: string): StepState => ({ id, status: 'pending', attempts: 0, startedAt: null, finishedAt: null, calls: [], input: null });
  const steps = createStepTable([...planIndex(accepted.plan).byId.keys()].map((id) => {
    const text = stored.steps.get(id);
    return text === undefined ? pending(id) : decodeStep(text);
  }));
  const common = { accepted, steps, done: head.done, startedAt: head.startedAt };
  const finishedAt = head.finishedAt ?? accepted.createdAt;
  switch (head.status) {
    case 'accepted':
    case 'running':
      return { ...common, status: head.status };
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

function unreachable(value: never): never {
  throw new RangeError(`unknown status ${JSON.stringify(value)}`);
}
