import { subjects, type Bus } from '@trivet/bus';
import { Delta } from '@trivet/contracts';
import type { WorkflowRef } from '@trivet/state';
import { createTextSoFar } from './text-so-far.js';

/** The pieces of an answer as they come. */
export interface Pieces {
  /** The next text; null: there is no more to come. */
  next: () => Promise<string | null>;
  /** What is left to say of the whole text. */
  rest: (whole: string) => string;
  /** No more come; those that are there can still be read. */
  end: () => void;
}

/** @param isHeard false: the answer is said only when it is whole */
export function listenForPieces(bus: Pick<Bus, 'listen'>, ref: WorkflowRef, isHeard: boolean): Pieces {
  const text = createTextSoFar();
  const waiting: string[] = [];
  let isOver = false;
  let wake: () => void = () => undefined;
  const listening = isHeard
    ? bus.listen(subjects.deltasOf(ref.tenant, ref.workflowId), (notice) => {
        const delta = Delta.safeParse(notice.json());
        const more = delta.success ? text.add(delta.data) : '';
        if (more !== '') waiting.push(more);
        wake();
      })
    : null;
  return {
    next: async () => {
      while (waiting.length === 0) {
        if (isOver) return null;
        await new Promise<void>((resolve) => (wake = resolve));
      }
      return waiting.splice(0).join('');
    },
    rest: (whole) => text.finish(whole),
    end: () => {
      isOver = true;
      listening?.stop();
      wake();
    },
  };
}
