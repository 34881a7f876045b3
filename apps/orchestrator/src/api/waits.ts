import { isTerminal, type KeyQueue, type Workflow, type WorkflowStatus } from '@trivet/contracts';
import type { Claims, Presence } from '@trivet/state';
import type { Gatekeeper } from '../policy/gatekeeper.js';
import { shownStatus, type HeadRecord } from '../runner/codec.js';
import { planStepOf } from '../workflow/plan-index.js';
import type { Accepted, StepState, WorkflowState } from '../workflow/state.js';
import type { Archive } from './archive.js';
import { hindranceOf, needOfStep, needsOf, type Hands, type Hindrance } from './queued-for.js';
import { waitingOf, waitingSince } from './waiting-for.js';

type Shown = Pick<Workflow, 'waitingFor' | 'waitingSince'>;

export interface Wait {
  shown: Shown;
  /** It waits only for its turn. */
  isInLine: boolean;
}

/** What workflows wait for, and since when. */
export interface Waits {
  of: (state: WorkflowState) => Promise<Wait>;
  /** Of a row of a list; its steps are read only where they may say something. */
  inList: (accepted: Accepted, head: HeadRecord) => Promise<Shown>;
}

export interface WaitParts {
  archive: Pick<Archive, 'state'>;
  hands: Hands;
  claims: Pick<Claims, 'read'>;
  presence: Pick<Presence, 'queueOf'>;
  gatekeeper: Pick<Gatekeeper, 'keys'>;
}

const NOTHING: Wait = { shown: { waitingFor: null }, isInLine: false };
/** So many claims are read at a time. */
const CLAIMS_AT_ONCE = 16;

export function createWaits(parts: WaitParts): Waits {
  const keysOf = onceAtATime(parts.gatekeeper.keys);

  async function inLine(accepted: Accepted, status: WorkflowStatus): Promise<Wait | null> {
    if (status !== 'accepted' || !accepted.gated) return null;
    const key = accepted.task.concurrencyKey ?? null;
    const figures = (await keysOf(accepted.tenant)).find((each) => each.key === key);
    return figures ? { shown: { waitingFor: lineSentence(accepted.tenant, figures) }, isInLine: true } : null;
  }

  async function of(state: WorkflowState): Promise<Wait> {
    const line = await inLine(state.accepted, state.status);
    if (line) return line;
    if (shownStatus(state) === 'running') return (await queued(parts, state)) ?? NOTHING;
    const waitingFor = waitingOf(state);
    return { shown: { waitingFor, ...sinceOf(waitingFor === null ? null : waitingSince(state)) }, isInLine: false };
  }

  return {
    of,
    inList: async (accepted, head) => {
      if (isTerminal(head.status)) return NOTHING.shown;
      // Who runs, waits only where nobody could take one of its calls at once.
      if (head.status === 'running' && (head.calling === 0 || !needsOf(accepted).some((need) => hindranceOf(parts.hands, need)))) return NOTHING.shown;
      if (head.status === 'accepted') return ((await inLine(accepted, head.status)) ?? NOTHING).shown;
      const state = await parts.archive.state({ tenant: accepted.tenant, workflowId: accepted.workflowId });
      return (state ? await of(state) : NOTHING).shown;
    },
  };
}

interface Hindered {
  step: Extract<StepState, { status: 'scheduled' }>;
  hindrance: Hindrance;
}

/** The first step whose call nobody has taken, or that waits for a slot where it was, one that nobody could take before one that is only in line; null where there is none. */
async function queued({ hands, claims, presence }: WaitParts, state: WorkflowState): Promise<Wait | null> {
  const { tenant, workflowId } = state.accepted;
  const queueOf = onceEach(presence.queueOf);
  /** Who has a call already, or has ended it, may be a worker that takes no other; one that is busy may have more at hand than it has slots. */
  async function waits({ step, hindrance }: Hindered): Promise<boolean> {
    const claim = await claims.read({ tenant, workflowId }, step.callId);
    if (claim?.status !== 'held' || claim.worker === null || !hindrance.isBusy) return claim?.status === 'open';
    return (await queueOf(claim.worker)).includes(step.callId);
  }
  const hindered = [...state.steps.all()].flatMap((step): Hindered[] => {
    const planStep = step.status === 'scheduled' ? planStepOf(state, step.id) : undefined;
    const hindrance = planStep ? hindranceOf(hands, needOfStep(state.accepted, planStep)) : null;
    return step.status === 'scheduled' && hindrance ? [{ step, hindrance }] : [];
  });
  const ordered = [...hindered.filter(({ hindrance }) => !hindrance.isBusy), ...hindered.filter(({ hindrance }) => hindrance.isBusy)];
  for (let from = 0; from < ordered.length; from += CLAIMS_AT_ONCE) {
    const some = ordered.slice(from, from + CLAIMS_AT_ONCE);
    const waiting = await Promise.all(some.map(waits));
    const first = some.find((_, index) => waiting[index]);
    if (first) return { shown: { waitingFor: `Step ${first.step.id} is queued: ${first.hindrance.text}.`, ...sinceOf(first.step.startedAt) }, isInLine: first.hindrance.isBusy };
  }
  return null;
}

const sinceOf = (since: string | null): Pick<Workflow, 'waitingSince'> => (since === null ? {} : { waitingSince: since });

/** Why a workflow that is limited has not begun. */
function lineSentence(tenant: string, figures: KeyQueue): string {
  const waited = `Queued ${Math.round((figures.oldestQueuedMs ?? 0) / 1_000)} s`;
  const who = figures.key === null ? `tenant ${tenant}` : `key ${figures.key}`;
  if (figures.rate?.left === 0) return `${waited}: ${who} has begun ${figures.rate.starts} of ${figures.rate.starts} workflows in ${figures.rate.perMs} ms.`;
  return `${waited}: ${who} has ${figures.running} of ${figures.maxRunning ?? 'any number'} running, and ${figures.queued} in line.`;
}

/** Asks of each only once. */
function onceEach<Answer>(ask: (name: string) => Promise<Answer>): (name: string) => Promise<Answer> {
  const asked = new Map<string, Promise<Answer>>();
  return (name) => {
    const answer = asked.get(name) ?? ask(name);
    asked.set(name, answer);
    return answer;
  };
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
