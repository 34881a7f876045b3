import { FailureError, type BlobReference, type JsonValue, type StateAt, type Workflow } from '@trivet/contracts';
import type { Blobs, WorkflowRef, WorkflowStore } from '@trivet/state';
import { decodeEvent, headOf } from '../runner/codec.js';
import { apply } from '../workflow/apply.js';
import type { StepState, WorkflowState } from '../workflow/state.js';
import { stepView, workflowView } from './views.js';

const PAGE = 1_000;

/** Folds the history up to an event: the same fold that makes the present state. */
export async function stateAt({ store, blobs }: { store: Pick<WorkflowStore, 'readEvents'>; blobs: Pick<Blobs, 'load'> }, ref: WorkflowRef, at: number | undefined): Promise<StateAt> {
  let state: WorkflowState | null = null;
  let seq = 0;
  let time = '';
  while (at === undefined || seq < at) {
    const texts = await store.readEvents(ref, seq, at === undefined ? PAGE : Math.min(PAGE, at - seq));
    for (const event of texts.map(decodeEvent)) {
      state = apply(state, event);
      seq = event.seq;
      time = event.at;
    }
    if (texts.length === 0) break;
  }
  if (!state || (at !== undefined && seq < at)) throw new FailureError('invalid_request', `Workflow ${ref.workflowId} has ${seq} events; at is ${at}.`, { errors: [{ pointer: '/at', detail: `must be 1 to ${seq}` }] });
  const valueOf = async (value: JsonValue | null, reference: BlobReference | undefined): Promise<JsonValue | null> => (reference ? blobs.load(reference) : value);
  const folded = state;
  const steps = await Promise.all(
    [...folded.steps.all()].map(async (step) => {
      const input = await valueOf(step.input, step.inputRef);
      const output = step.status === 'completed' ? await valueOf(step.output, step.outputRef) : null;
      return stepView(folded, step, { input, output }, null);
    }),
  );
  const head = headOf(folded);
  const result = head.resultRef ? await blobs.load(head.resultRef) : (head.result ?? null);
  return { seq, at: time, workflow: workflowView(folded.accepted, head, spentIn(folded), { result, waitingFor: null }), steps };
}

function spentIn(state: WorkflowState): Workflow['budget'] {
  const { tokens, costUsd } = state.accepted.task.budget ?? {};
  const usages = [...state.steps.all()].flatMap((step: StepState) => step.calls.flatMap((call) => (call.usage ? [call.usage] : [])));
  const sum = (figure: (usage: (typeof usages)[number]) => number): number => usages.reduce((total, usage) => total + figure(usage), 0);
  return {
    limitTokens: tokens ?? null,
    usedTokens: sum((usage) => usage.totalTokens),
    heldTokens: 0,
    limitNanoUsd: costUsd === undefined ? null : Math.floor(costUsd * 1_000_000_000),
    usedNanoUsd: sum((usage) => usage.costNanoUsd),
    heldNanoUsd: 0,
  };
}
