import { randomBytes } from 'node:crypto';
import { FailureError, type BlobReference, type EventData, type Fact, type JsonValue } from '@trivet/contracts';
import type { JournalEvent } from '@trivet/bus';
import { currentTraceparent, withSpan, withWorkflow, type DeliveryOfSpan } from '@trivet/telemetry';
import type { Blobs, Change, DealtCall, LedgerClock, Tier, WorkflowRef, WorkflowStore } from '@trivet/state';
import { advance, begin } from '../workflow/advance.js';
import { MissingValueError } from '../workflow/scope.js';
import type { WorkflowState } from '../workflow/state.js';
import type { Effect, Input, Surroundings, Transition } from '../workflow/transition.js';
import { createKnownWorkflows, keyOf, type KnownWorkflow } from './known-workflows.js';
import { changeOf } from './change.js';
import { createValueCache } from './value-cache.js';
import { createKeyedMutex } from './keyed-mutex.js';
import { endTrace } from './trace-end.js';

export type BeginOutcome = { status: 'created'; state: WorkflowState } | { status: 'exists'; bodyHash: string; workflowStatus: string };

/** Moves workflows: the thin shell around the pure machine. */
export interface Runner {
  /** Makes a workflow, unless one of this id exists. */
  begin: (ref: WorkflowRef, data: EventData<'task.accepted'>, reused?: readonly Fact[]) => Promise<BeginOutcome>;
  /**
   * Tells a workflow what happened. 'ignored': it changes nothing; 'unknown': there is no such workflow.
   * @param delivery of the message that brought it, for the trace
   */
  deliver: (ref: WorkflowRef, input: Input, delivery?: DeliveryOfSpan) => Promise<'applied' | 'ignored' | 'unknown'>;
  read: (ref: WorkflowRef) => Promise<WorkflowState | null>;
}

/** The events of one commit as they were stored, and the seq before them. */
export interface CommittedEvents {
  after: number;
  events: readonly JournalEvent[];
}

export interface RunnerParts {
  store: WorkflowStore;
  blobs: Blobs;
  clock: LedgerClock;
  /** For how long a finished workflow's record stays in Redis. */
  keepFinishedMs: number;
  /** Reached after each commit: carries out what the commit made true. */
  afterCommit: (ref: WorkflowRef, transition: Transition, news: CommittedEvents, dealt: readonly DealtCall[]) => void;
  /** Whether there is room for a call of this tier: it is then dealt with the commit. */
  hasRoom?: (tier: Tier) => boolean;
  /** With a strict journal: resolves when the journal has what was committed, up to this event, and it may be seen outside. */
  visible?: ((ref: WorkflowRef, seq: number) => Promise<void>) | undefined;
  /** A named place where a test may kill this process. */
  reach: (label: string) => void;
}

const MOST_CONFLICTS = 50;

export function createRunner(parts: RunnerParts): Runner {
  const known = createKnownWorkflows(parts.store);
  const loadValue = createValueCache(parts.blobs);
  const exclusive = createKeyedMutex();
  const nextOpId = countOpIds();

  async function commit(ref: WorkflowRef, before: KnownWorkflow | null, transition: Transition, around: Surroundings, lost?: Change['lost']): Promise<Awaited<ReturnType<WorkflowStore['commit']>>> {
    for (const effect of transition.effects) if (effect.do === 'store') await storeValue(parts.blobs, effect);
    parts.reach('orchestrator.before-commit');
    const change = changeOf(transition, { ref, opId: nextOpId(), expectedVersion: before?.version ?? 0, seqBefore: before?.seq ?? 0, chainBefore: before?.chain ?? '', nowMs: around.nowMs, traceparent: currentTraceparent() ?? null, keepFinishedMs: parts.keepFinishedMs, ...(parts.hasRoom ? { hasRoom: parts.hasRoom } : {}), ...(lost ? { lost } : {}) });
    const outcome = await parts.store.commit(change);
    if (outcome.status === 'committed' || outcome.status === 'replayed') {
      parts.reach('orchestrator.after-commit-before-publish');
      endTrace(before, transition.state);
      if (outcome.status === 'committed' || !outcome.moved) known.learn(ref, { state: transition.state, version: outcome.version, seq: change.seq, chain: change.chain });
      if (parts.visible) await parts.visible(ref, change.seq);
      const dealt = outcome.status === 'committed' ? outcome.dealt : [];
      parts.afterCommit(ref, transition, { after: before?.seq ?? 0, events: transition.events.map(({ seq, type, at }, index) => ({ seq, type, at, text: change.events[index] ?? '' })) }, dealtCalls(ref, change, dealt));
    }
    return outcome;
  }

  async function deliverOnce(ref: WorkflowRef, input: Input, fresh: boolean): Promise<'applied' | 'ignored' | 'unknown' | 'again'> {
    const cached = fresh ? undefined : known.peek(ref);
    const before = cached ?? (await known.current(ref));
    if (!before) return 'unknown';
    const made = transitionOf(parts.clock, loadValue, (given) => advance(before.state, before.seq, input, given));
    const { transition, around } = made instanceof Promise ? await made : made;
    if (transition.events.length === 0 && transition.effects.length === 0) {
      // What looked like nothing to a cached state may be news to the stored one.
      return cached ? 'again' : 'ignored';
    }
    const outcome = await commit(ref, before, transition, around, lossIn(input));
    if (outcome.status === 'guarded') return 'ignored';
    return outcome.status === 'conflict' || outcome.status === 'exists' ? 'again' : 'applied';
  }

  /** What comes from a timer or the watchdog is in no trace; it belongs to that of the workflow. */
  function traceOf(ref: WorkflowRef): Promise<string | null | undefined> | undefined {
    if (currentTraceparent() !== undefined) return undefined;
    const here = known.peek(ref);
    return here ? Promise.resolve(here.state.accepted.traceparent) : known.current(ref).then((stored) => stored?.state.accepted.traceparent);
  }

  return {
    begin: (ref, data, reused = []) =>
      exclusive(keyOf(ref), () =>
        inSpan(ref, { input: 'begin', parent: data.traceparent }, async () => {
          const { transition, around } = await transitionOf(parts.clock, loadValue, (given) => begin({ type: 'task.accepted', data }, ref.workflowId, given, reused));
          const outcome = await commit(ref, null, transition, around);
          if (outcome.status !== 'exists') return { status: 'created', state: transition.state };
          // Whoever asks again is told no sooner than the first, whose answer may have been lost before it was due.
          if (outcome.workflowStatus !== 'expired') await parts.visible?.(ref, 1);
          return { status: 'exists', bodyHash: outcome.hash, workflowStatus: outcome.workflowStatus };
        }),
      ),
    deliver: (ref, input, delivery) =>
      exclusive(keyOf(ref), async () => {
        const trace = traceOf(ref);
        return inSpan(ref, { input: input.type, parent: trace && (await trace), delivery }, () => untilTaken(ref, (attempt) => deliverOnce(ref, input, attempt > 0)));
      }),
    read: async (ref) => (await known.current(ref))?.state ?? null,
  };
}

/** Another process may have moved the workflow meanwhile: then the input is applied to what is stored now. */
async function untilTaken<Outcome>(ref: WorkflowRef, deliver: (attempt: number) => Promise<Outcome | 'again'>): Promise<Outcome> {
  for (let attempt = 0; attempt < MOST_CONFLICTS; attempt += 1) {
    const outcome = await deliver(attempt);
    if (outcome !== 'again') return outcome;
  }
  throw new FailureError('unavailable', `Workflow ${ref.workflowId} changed ${MOST_CONFLICTS} times while one input was applied.`);
}

/** A loss is guarded by the claim that was lost, whatever it leads to: several orchestrators notice the same one. */
function lossIn(input: Input): Change['lost'] {
  return input.type === 'worker-lost' || input.type === 'result-lost' ? { callId: input.callId, worker: input.worker, epoch: input.epoch } : undefined;
}

/** Ids no other process and no earlier commit has: by them a script knows a commit that was sent again. */
function countOpIds(): () => string {
  const instance = randomBytes(6).toString('hex');
  let operations = 0;
  return () => `${instance}:${(operations++).toString(36)}`;
}

/** A call of the commit as the dispatcher would have been dealt it. */
const dealtCalls = (ref: WorkflowRef, change: Change, dealt: readonly string[]): DealtCall[] =>
  dealt.length === 0 ? [] : change.schedule.flatMap((call) => (dealt.includes(call.callId) ? [{ ref, callId: call.callId, spec: call.spec, published: 0 }] : []));

interface Advance {
  /** What it is told. */
  input: string;
  parent: string | null | undefined;
  delivery?: DeliveryOfSpan | undefined;
}

function inSpan<Result>(ref: WorkflowRef, { input, parent, delivery }: Advance, task: () => Promise<Result>): Promise<Result> {
  return withWorkflow(ref, () => withSpan('workflow.advance', { attributes: { 'trivet.input': input }, ...(parent ? { parent } : {}), ...(delivery ? { delivery } : {}) }, task));
}

interface Made {
  transition: Transition;
  around: Surroundings;
}

/** Runs a transition, loading each value that travels by reference when it turns out to be needed. It is pure, so it may run again. */
function transitionOf(clock: LedgerClock, load: (reference: BlobReference) => Promise<JsonValue>, run: (around: Surroundings) => Transition): Made | Promise<Made> {
  const values = new Map<string, JsonValue>();
  const around: Surroundings = { nowMs: clock.nowMs(), values, jitter: Math.random() };
  const attempt = (): Made | Promise<Made> => {
    try {
      return { transition: run(around), around };
    } catch (error) {
      if (!(error instanceof MissingValueError) || values.has(error.reference.blob)) throw error;
      const { reference } = error;
      return load(reference).then((value) => {
        values.set(reference.blob, value);
        return attempt();
      });
    }
  };
  return attempt();
}

async function storeValue(blobs: Blobs, effect: Extract<Effect, { do: 'store' }>): Promise<void> {
  const stored = await blobs.put(Buffer.from(effect.json));
  if (stored.blob !== effect.reference.blob) throw new RangeError('A stored value does not have the digest it was announced with');
}
