import { isTerminal } from '@trivet/contracts';
import { shownStatus } from '../runner/codec.js';
import { stepWaits, type StepState, type WorkflowState } from '../workflow/state.js';

/** What a workflow waits for that no worker does, as a sentence; null when it runs, or has ended. */
export function waitingOf(state: WorkflowState): string | null {
  if (isTerminal(shownStatus(state))) return null;
  if (state.paused) return `Paused: ${state.paused.reason}. Resume it to go on.`;
  return shownStatus(state) === 'waiting' ? sentences([...state.steps.all()]) : null;
}

/** Since when (ISO 8601) the step that waits longest has begun to; null: not known. */
export function waitingSince(state: WorkflowState): string | null {
  if (state.paused) return null;
  const since = [...state.steps.all()].flatMap((step) => (stepWaits(step) ? (step.startedAt ?? []) : []));
  return since.toSorted()[0] ?? null;
}

const MOST_NAMED = 3;

function sentences(steps: readonly StepState[]): string | null {
  const waiting = steps.flatMap((step) => sentenceOf(step) ?? []);
  if (waiting.length === 0) return null;
  const more = waiting.length > MOST_NAMED ? ` And ${waiting.length - MOST_NAMED} more.` : '';
  return `${waiting.slice(0, MOST_NAMED).join(' ')}${more}`;
}

function sentenceOf(step: StepState): string | null {
  if (step.status === 'retrying') return `Step ${step.id} failed (${step.failure.code}) and is tried again at ${new Date(step.retryAt).toISOString()}.`;
  if (step.status !== 'open') return null;
  const { work } = step;
  switch (work.kind) {
    case 'approval':
      return `Step ${step.id} waits for a decision: ${work.question}`;
    case 'wait':
      return work.signal === null ? `Step ${step.id} waits until ${new Date(work.until ?? 0).toISOString()}.` : `Step ${step.id} waits for the signal ${JSON.stringify(work.signal)}.`;
    case 'workflow':
      return `Step ${step.id} waits for the workflow ${work.childId}.`;
    case 'map':
    case 'agent':
    case 'code':
      return null;
    default:
      return unreachable(work);
  }
}

function unreachable(work: never): never {
  throw new RangeError(`unknown work ${JSON.stringify(work)}`);
}
