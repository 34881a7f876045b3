import type { Bus, Notice } from '@trivet/bus';
import { isIdentifier } from '@trivet/contracts';
import type { WorkflowRef } from '@trivet/state';

/**
 * What concerns a workflow goes to the orchestrator that has its partition. The broker gives tasks and results to whichever orchestrator asks
 * first; any other than that one would have to read the workflow anew, would make that one's copy stale, and leave its events to it. It is a
 * preference: what that one does not do soon is done here, and what both do counts once, as anything that comes twice.
 */
export interface HandOver {
  /** `ours`: nobody else has the workflow. `failed`: who has it did not do it, or did not say so in time. */
  give: (ref: WorkflowRef, message: HandedOver) => Promise<{ status: 'done'; answer: string } | { status: 'ours' } | { status: 'failed' }>;
  /** Takes none any more: those that are given from now on are done by who has them. Resolves when those at hand are done. */
  stop: () => Promise<void>;
}

export interface HandedOver {
  /** Tokens for the end of the subject. */
  about: string;
  body: string;
  headers?: Record<string, string>;
}

export interface HandOverParts {
  bus: Pick<Bus, 'ask' | 'answer'>;
  workerId: string;
  /** What is handed over. */
  what: 'results' | 'tasks';
  /** The orchestrator that has a workflow's partition, as far as is known. */
  ownerOf: (ref: WorkflowRef) => string | null;
  withinMs: number;
  /** Does what another was given; the answer is not empty. */
  serve: (about: string, notice: Notice) => Promise<string>;
}

/** One that did not do in time what it was given is given nothing for this long. */
const REST_MS = 1_000;

export function startHandOver({ bus, workerId, what, ownerOf, withinMs, serve }: HandOverParts): HandOver {
  /** Inside the services' own inboxes: nobody else may publish there. */
  const placeOf = (id: string): string => `_INBOX_orchestrator.${what}.${id}.`;
  const resting = new Map<string, number>();
  const atHand = new Set<Promise<string>>();
  const here = bus.answer(`${placeOf(workerId)}>`, (notice) => {
    const task = serve(notice.subject.slice(placeOf(workerId).length), notice).finally(() => atHand.delete(task));
    atHand.add(task);
    return task;
  });

  function isResting(owner: string): boolean {
    const until = resting.get(owner);
    if (until === undefined) return false;
    if (performance.now() < until) return true;
    resting.delete(owner);
    return false;
  }

  return {
    give: async (ref, { about, body, headers = {} }) => {
      const owner = ownerOf(ref);
      if (owner === null || owner === workerId || !isIdentifier(owner) || isResting(owner)) return { status: 'ours' };
      try {
        const answer = await bus.ask(`${placeOf(owner)}${about}`, body, { timeoutMs: withinMs, workflowId: ref.workflowId, headers });
        if (answer && answer.data.byteLength > 0) return { status: 'done', answer: Buffer.from(answer.data).toString() };
      } catch {
        // Too late or cut off: maybe it was done all the same.
      }
      resting.set(owner, performance.now() + REST_MS);
      return { status: 'failed' };
    },
    stop: async () => {
      here.stop();
      await Promise.allSettled(atHand);
    },
  };
}
