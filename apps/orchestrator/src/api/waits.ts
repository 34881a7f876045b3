import { isTerminal, type KeyQueue, type Workflow, type WorkflowStatus } from '@trivet/contracts';
import type { Gatekeeper } from '../policy/gatekeeper.js';
import type { HeadRecord } from '../runner/codec.js';
import type { Liveness } from '../runner/liveness.js';
import type { Accepted, WorkflowState } from '../workflow/state.js';
import type { Archive } from './archive.js';
import { waitingOf, waitingSince } from './waiting-for.js';

type Wait = Pick<Workflow, 'waitingFor' | 'waitingSince'>;

/** What workflows wait for, and since when. */
export interface Waits {
  of: (state: WorkflowState) => Promise<Wait>;
  /** Of a row of a list; its steps are read only where they may say something. */
  inList: (accepted: Accepted, head: HeadRecord) => Promise<Wait>;
}

export interface WaitParts {
  archive: Pick<Archive, 'state'>;
  liveness: Pick<Liveness, 'slots'>;
  gatekeeper: Pick<Gatekeeper, 'keys'>;
}

const NOTHING: Wait = { waitingFor: null };

export function createWaits(parts: WaitParts): Waits {
  const keysOf = onceAtATime(parts.gatekeeper.keys);

  async function inLine(accepted: Accepted, status: WorkflowStatus): Promise<Wait | null> {
    if (status !== 'accepted' || !accepted.gated) return null;
    const key = accepted.task.concurrencyKey ?? null;
    const figures = (await keysOf(accepted.tenant)).find((each) => each.key === key);
    return figures ? { waitingFor: lineSentence(accepted.tenant, figures) } : null;
  }

  async function of(state: WorkflowState): Promise<Wait> {
    const line = await inLine(state.accepted, state.status);
    if (line) return line;
    const waitingFor = waitingOf(state, parts.liveness);
    const since = waitingFor === null ? null : waitingSince(state);
    return { waitingFor, ...(since === null ? {} : { waitingSince: since }) };
  }

  return {
    of,
    inList: async (accepted, head) => {
      if (isTerminal(head.status)) return NOTHING;
      // Who runs, waits only where nobody could take its calls.
      if (head.status === 'running' && parts.liveness.slots('tool') > 0 && parts.liveness.slots('model') > 0) return NOTHING;
      if (head.status === 'accepted') return (await inLine(accepted, head.status)) ?? NOTHING;
      const state = await parts.archive.state({ tenant: accepted.tenant, workflowId: accepted.workflowId });
      return state ? of(state) : NOTHING;
    },
  };
}

/** Why a workflow that is limited has not begun. */
function lineSentence(tenant: string, figures: KeyQueue): string {
  const waited = `Queued ${Math.round((figures.oldestQueuedMs ?? 0) / 1_000)} s`;
  const who = figures.key === null ? `tenant ${tenant}` : `key ${figures.key}`;
  if (figures.rate?.left === 0) return `${waited}: ${who} has begun ${figures.rate.starts} of ${figures.rate.starts} workflows in ${figures.rate.perMs} ms.`;
  return `${waited}: ${who} has ${figures.running} of ${figures.maxRunning ?? 'any number'} running, and ${figures.queued} in line.`;
}

/** Those who ask while an answer is on its way get the same: a list of many in line asks once. */
function onceAtATime<Answer>(ask: (tenant: string) => Promise<Answer>): (tenant: string) => Promise<Answer> {
  const asked = new Map<string, Promise<Answer>>();
  return (tenant) => {
    const before = asked.get(tenant);
    if (before) return before;
    const answer = ask(tenant).finally(() => asked.delete(tenant));
    asked.set(tenant, answer);
    return answer;
  };
}
