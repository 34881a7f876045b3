import { FailureError, Event, SpanBatch, isTerminal, type JsonValue, type Page, type StateAt, type Step, type TraceSpan, type Workflow, type WorkflowStatus } from '@trivet/contracts';
import { subjects, type Bus } from '@trivet/bus';
import type { BlobReference } from '@trivet/contracts';
import type { Blobs, Claims, Ledger, Presence, WorkflowErasure, WorkflowRef, WorkflowStore } from '@trivet/state';
import { createArchive } from './archive.js';
import type { Gatekeeper } from '../policy/gatekeeper.js';
import { decodeAccepted, decodeHead, headOf, shownStatus, type HeadRecord } from '../runner/codec.js';
import type { Accepted, StepState, WorkflowState } from '../workflow/state.js';
import type { Glances } from './glances.js';
import { createLists, type Lists } from './list-workflows.js';
import { stateAt } from './state-at.js';
import { budgetOf, stepView, workflowView } from './views.js';
import type { Hands } from './queued-for.js';
import { createWaits, type Wait } from './waits.js';

/** Everything that is read; nothing here changes anything. Another tenant's id is simply not found. */
export interface Queries extends Lists {
  workflow: (ref: WorkflowRef) => Promise<Workflow>;
  /** What it waits for, and no more of it. */
  waitOf: (ref: WorkflowRef) => Promise<{ status: WorkflowStatus; startedAt: string | null; wait: Wait }>;
  /** The steps of the plan in its order, then those inside them; or those inside one step. */
  steps: (ref: WorkflowRef, page?: { limit: number; cursor: number; parent?: string }) => Promise<Page<Step>>;
  /** The workflow as it was after its first `at` events; as it is when absent. */
  stateAt: (ref: WorkflowRef, at: number | undefined) => Promise<StateAt>;
  events: (ref: WorkflowRef, after: number, limit: number) => Promise<Event[]>;
  /** The last so many events, in order; with `before` those with a lower seq only. */
  lastEvents: (ref: WorkflowRef, tail: number, before: number | undefined) => Promise<Event[]>;
  spans: (ref: WorkflowRef) => Promise<TraceSpan[]>;
  requireWorkflow: (ref: WorkflowRef) => Promise<void>;
  hasEnded: (ref: WorkflowRef) => Promise<boolean>;
}

export interface QueryParts {
  store: WorkflowStore;
  glances: Glances;
  ledger: Ledger;
  claims: Claims;
  presence: Pick<Presence, 'queueOf'>;
  blobs: Blobs;
  bus: Bus;
  hands: Hands;
  workflowErasure: Pick<WorkflowErasure, 'isErased'>;
  gatekeeper: Pick<Gatekeeper, 'keys'>;
}

const MOST_SPANS = 5_000;
/** Steps in one answer. */
export const MOST_STEPS = 1_000;

export function createQueries(parts: QueryParts): Queries {
  const archive = createArchive(parts);
  const waits = createWaits({ ...parts, archive });
  async function stateOf(ref: WorkflowRef): Promise<WorkflowState> {
    const state = await archive.state(ref);
    if (!state) throw notFound(ref);
    return state;
  }

  async function requireWorkflow(ref: WorkflowRef): Promise<void> {
    const [found] = await parts.store.loadHeads(ref.tenant, [ref.workflowId]);
    if (!found && !(await archive.state(ref))) throw notFound(ref);
  }

  async function viewOf(accepted: Accepted, head: HeadRecord, shown: Pick<Workflow, 'waitingFor' | 'waitingSince' | 'degraded'>): Promise<Workflow> {
    const account = await parts.ledger.readAccount({ scope: 'workflow', tenant: accepted.tenant, id: accepted.workflowId });
    const result = head.resultRef ? await parts.blobs.load(head.resultRef) : (head.result ?? null);
    return workflowView(accepted, head, budgetOf(account), { result, ...shown });
  }

  async function holderOf(ref: WorkflowRef, step: StepState): Promise<{ worker: string; startedAt: string | null } | null> {
    if (step.status !== 'scheduled') return null;
    const claim = await parts.claims.read(ref, step.callId);
    if (claim?.status !== 'held' || claim.worker === null) return null;
    return { worker: claim.worker, startedAt: claim.claimedAtMs === null ? null : new Date(claim.claimedAtMs).toISOString() };
  }

  const valueOf = (value: JsonValue | null, reference: BlobReference | undefined): JsonValue | null | Promise<JsonValue> => (reference ? parts.blobs.load(reference) : value);
  return {
    workflow: async (ref) => {
      const state = await stateOf(ref);
      return viewOf(state.accepted, headOf(state), { ...(await waits.of(state)).shown, degraded: degradedIn(state) });
    },
    waitOf: async (ref) => {
      const state = await stateOf(ref);
      return { status: shownStatus(state), startedAt: state.startedAt, wait: await waits.of(state) };
    },
    ...createLists(parts, async (accepted, head) => viewOf(accepted, head, await waits.inList(accepted, head))),
    steps: async (ref, { limit, cursor, parent } = { limit: MOST_STEPS, cursor: 0 }) => {
      const state = await stateOf(ref);
      const wanted = parent === undefined ? [...state.steps.all()] : [...state.steps.all()].filter((step) => step.childOf?.parent === parent);
      const items = await Promise.all(
        wanted.slice(cursor, cursor + limit).map(async (step) => {
          const input = await valueOf(step.input, step.inputRef);
          const output = step.status === 'completed' ? await valueOf(step.output, step.outputRef) : null;
          return stepView(state, step, { input, output }, await holderOf(ref, step));
        }),
      );
      return { items, nextCursor: cursor + limit < wanted.length ? String(cursor + limit) : null };
    },
    stateAt: async (ref, at) => {
      await requireWorkflow(ref);
      return stateAt({ store: { readEvents: archive.events }, blobs: parts.blobs }, ref, at);
    },
    events: async (ref, after, limit) => (await archive.events(ref, after, limit)).map((text) => Event.parse(JSON.parse(text))),
    lastEvents: async (ref, tail, before) => (await archive.lastEvents(ref, tail, before)).map((text) => Event.parse(JSON.parse(text))),
    spans: async (ref) => {
      const [found] = await parts.store.loadHeads(ref.tenant, [ref.workflowId]);
      return spansOf(parts.bus, found ? decodeAccepted(found.task) : (await stateOf(ref)).accepted);
    },
    hasEnded: (ref) => endedIn(parts.store, ref),
    requireWorkflow,
  };
}

async function spansOf(bus: Bus, { tenant, workflowId, traceparent }: Accepted): Promise<TraceSpan[]> {
  const traceId = traceparent?.split('-')[1];
  const messages = await bus.read('SPANS', { subject: subjects.span(tenant, workflowId), limit: MOST_SPANS });
  const spans = messages.flatMap((message) => SpanBatch.parse(JSON.parse(new TextDecoder().decode(message.data))).spans);
  // A submit of the same id that was refused, or found it there, has a trace of its own.
  return spans.filter((span) => span.traceId === traceId).sort((left, right) => left.startedAt - right.startedAt);
}

async function endedIn(store: WorkflowStore, ref: WorkflowRef): Promise<boolean> {
  const [found] = await store.loadHeads(ref.tenant, [ref.workflowId]);
  return found === null || found === undefined || isTerminal(decodeHead(found.head).status);
}

/** Steps that ended without a result and whose plan says to go on. */
function degradedIn(state: WorkflowState): string[] {
  return state.accepted.plan.steps.filter((step) => step.onFailure === 'degrade' && state.steps.get(step.id)?.status === 'failed').map((step) => step.id);
}

const notFound = (ref: WorkflowRef): FailureError => new FailureError('not_found', `There is no workflow ${ref.workflowId}.`);
