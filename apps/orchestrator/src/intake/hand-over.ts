import type { Bus, Delivery } from '@trivet/bus';
import { HEADERS } from '@trivet/contracts';
import type { ResultMessage, Results } from './results.js';

/**
 * Results go to the orchestrator that knows their workflow. The broker gives a result to whichever orchestrator asks first; another
 * one than made the call would have to read the workflow anew, and would make the first one's copy stale. Who made a call stands in
 * its `Trivet-Orchestrator` header, which comes back with the result. It is a hint: whoever has the result applies it himself
 * when the other does not do so soon, and a result that both apply counts once, as any that comes twice.
 */
export interface HandOver {
  /** Gives a result to whom it belongs; what is answered is ours to apply, null: it is applied. */
  offer: (delivery: Delivery) => Promise<ResultMessage | null>;
  /** Takes none any more: those that are offered from now on are applied by who has them. */
  stop: () => void;
}

export interface HandOverParts {
  bus: Pick<Bus, 'ask' | 'answer'>;
  workerId: string;
  results: Results;
}

const WITHIN_MS = 500;
/** One that did not apply a result in time is offered none for this long. */
const REST_MS = 1_000;
const APPLIED = 'applied';
/** The delivery as the broker counts it, for the trace. */
const DELIVERY = 'Trivet-Delivery';

/** Inside the services' own inboxes: nobody else may publish there. */
const placeOf = (workerId: string): string => `_INBOX_orchestrator.results.${workerId}`;

export function startHandOver({ bus, workerId, results }: HandOverParts): HandOver {
  const resting = new Map<string, number>();
  const here = bus.answer(`${placeOf(workerId)}.>`, async ({ subject, data, header }) => {
    const message: ResultMessage = { subject: subject.slice(placeOf(workerId).length + 1), data, header, id: header(DELIVERY) ?? '', deliveries: 1 };
    await results.apply(message);
    return APPLIED;
  });

  function isResting(owner: string): boolean {
    const until = resting.get(owner);
    if (until === undefined) return false;
    if (performance.now() < until) return true;
    resting.delete(owner);
    return false;
  }

  async function give(owner: string, { id, subject, data, header }: Delivery): Promise<boolean> {
    const workflowId = header(HEADERS.workflowId);
    const answer = await bus.ask(`${placeOf(owner)}.${subject}`, new TextDecoder().decode(data), { timeoutMs: WITHIN_MS, headers: { [DELIVERY]: id }, ...(workflowId === undefined ? {} : { workflowId }) });
    return answer !== null && Buffer.from(answer.data).toString() === APPLIED;
  }

  return {
    offer: async (delivery) => {
      const owner = delivery.header(HEADERS.orchestrator);
      if (owner === undefined || owner === workerId || delivery.deliveries > 1 || !isWorkerId(owner) || isResting(owner)) return delivery;
      try {
        if (await give(owner, delivery)) return null;
      } catch {
        // Too late or cut off: maybe it was applied all the same.
      }
      resting.set(owner, performance.now() + REST_MS);
      // The other may have begun it: two spans of one trace are not called the same.
      return { ...delivery, id: `${delivery.id}:again` };
    },
    stop: () => here.stop(),
  };
}

/** What a result says is not put into a subject unread. */
const isWorkerId = (text: string): boolean => /^[A-Za-z0-9_-]{1,128}$/.test(text);
