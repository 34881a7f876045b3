import { canonicalJson, type Fact } from '@trivet/contracts';
import { formatMember, keys, partitionOfRef, type Change, type ClaimOutcome, type WorkflowRef } from '@trivet/state';
import { eventHash } from '../runner/change.js';
import { decodeEvent, encodeHead, encodeStep } from '../runner/codec.js';
import { apply } from '../workflow/apply.js';
import { hasEnded, type StepState, type WorkflowState } from '../workflow/state.js';
import type { MemoryLedger } from './memory/ledger.js';

/** A promise of the engine was broken. */
export class ViolationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ViolationError';
  }
}

/** Looks on from outside, and knows the whole truth: checks after every step what must always hold. */
export interface Auditor {
  /** The ledger as the processes are given it: what they do to it is noted. */
  watched: MemoryLedger;
  /** A client sent this once. */
  sent: (payload: string) => void;
  /** @throws ViolationError */
  check: () => void;
  /** Everything that exists, as its events make it. */
  workflows: () => { ref: WorkflowRef; state: WorkflowState }[];
}

interface Known {
  ref: WorkflowRef;
  state: WorkflowState | null;
  seq: number;
  chain: string;
  commits: number;
  completed: Set<string>;
}

const violated = (message: string): never => {
  throw new ViolationError(message);
};

export function createAuditor(ledger: MemoryLedger): Auditor {
  const known = new Map<string, Known>();
  const dirty = new Set<Known>();
  const epochs = new Map<string, number>();
  const once = new Map<string, number>();
  /** Calls whose records went with the commit of their result. */
  const closed = new Set<string>();
  /** What is found while a process is at work is thrown only after the step: its own code would catch it. */
  const findings: string[] = [];
  const timers = createTimerAudit(ledger, (message) => void findings.push(message));

  const entryOf = (ref: WorkflowRef): Known => {
    const key = `${ref.tenant}/${ref.workflowId}`;
    const entry = known.get(key) ?? { ref, state: null, seq: 0, chain: '', commits: 0, completed: new Set<string>() };
    known.set(key, entry);
    return entry;
  };

  const watched: MemoryLedger = {
    ...ledger,
    commit: (change) => {
      const lost = change.reopen.map((call) => ({ call, claim: ledger.readClaim(change.ref, call.callId) }));
      const outcome = ledger.commit(change);
      if (outcome.status !== 'committed') return outcome;
      for (const { call, claim } of lost) if (!claim || claim.worker !== call.worker || claim.epoch !== call.epoch || claim.status === 'done') findings.push(`call ${call.callId} was taken from ${call.worker} (epoch ${call.epoch}), but ${claim?.worker} had it (${claim?.status}, epoch ${claim?.epoch})`);
      for (const { callId } of change.close) closed.add(callId);
      const entry = entryOf(change.ref);
      entry.commits += 1;
      dirty.add(entry);
      timers.set(change);
      return outcome;
    },
    claim: (ref, callId, worker, options) => {
      const before = ledger.readClaim(ref, callId);
      const outcome: ClaimOutcome = ledger.claim(ref, callId, worker, options);
      if (outcome.status !== 'claimed') return outcome;
      if (closed.has(callId)) findings.push(`call ${callId} was given to ${worker} after its result was committed`);
      if (before?.status === 'held' && before.worker !== worker) findings.push(`call ${callId} was given to ${worker} while ${before.worker} held it`);
      if (outcome.epoch <= (epochs.get(callId) ?? 0)) findings.push(`call ${callId} was claimed under epoch ${outcome.epoch} twice`);
      epochs.set(callId, outcome.epoch);
      return outcome;
    },
    sweep: (partition, most) => {
      const swept = ledger.sweep(partition, most);
      for (const member of swept) if (member.kind === 'timer') timers.fired(member);
      return swept;
    },
  };

  return {
    watched,
    sent: (payload) => void once.set(payload, 0),
    check: () => {
      const [finding] = findings;
      if (finding !== undefined) violated(finding);
      for (const entry of dirty) {
        foldNews(ledger, entry, once);
        compareWithStored(ledger, entry);
        checkLiveness(ledger, entry);
      }
      dirty.clear();
    },
    workflows: () => [...known.values()].flatMap(({ ref, state }) => (state ? [{ ref, state }] : [])),
  };
}

/** When each timer was set for: it may never fire before. */
function createTimerAudit(ledger: MemoryLedger, report: (message: string) => void): { set: (change: Change) => void; fired: (member: { ref: WorkflowRef; timer: string }) => void } {
  const dueAt = new Map<string, number>();
  const nameOf = (ref: WorkflowRef, timer: string): string => formatMember({ kind: 'timer', ref, timer });
  return {
    set: ({ ref, timers }) => timers.forEach(({ timer, delayMs }) => dueAt.set(nameOf(ref, timer), ledger.tables.nowMs() + Math.round(delayMs))),
    fired: ({ ref, timer }) => {
      const due = dueAt.get(nameOf(ref, timer)) ?? Infinity;
      if (ledger.tables.nowMs() < due) report(`the timer ${timer} of ${ref.workflowId} fired ${due - ledger.tables.nowMs()} ms early`);
    },
  };
}

/** History without a gap, each event chained to the one before; each step completed once; what a client sent once, received once. */
function foldNews(ledger: MemoryLedger, entry: Known, once: Map<string, number>): void {
  const { ref } = entry;
  const events = ledger.tables.list(keys.events(ref));
  for (const text of events.slice(entry.seq)) {
    const event = decodeEvent(text);
    const { hash }: { hash?: unknown } = JSON.parse(text);
    if (event.seq !== entry.seq + 1) violated(`${ref.workflowId} has event ${event.seq} after event ${entry.seq}`);
    entry.chain = eventHash(entry.chain, event);
    if (hash !== entry.chain) violated(`the hash chain of ${ref.workflowId} breaks at event ${event.seq}`);
    entry.seq = event.seq;
    entry.state = apply(entry.state, event);
    checkFact(entry, event, once);
  }
  const record = ledger.tables.hashOf(keys.workflow(ref));
  if (Number(record?.get('seq')) !== events.length) violated(`${ref.workflowId} has ${events.length} events and counts ${record?.get('seq')}`);
  if (record?.get('chain') !== entry.chain) violated(`${ref.workflowId} keeps another hash than its last event has`);
  if (Number(record?.get('v')) !== entry.commits) violated(`${ref.workflowId} has version ${record?.get('v')} after ${entry.commits} commits`);
}

function checkFact(entry: Known, fact: Fact, once: Map<string, number>): void {
  if (fact.type === 'step.completed') {
    if (entry.completed.has(fact.data.stepId)) violated(`step ${fact.data.stepId} of ${entry.ref.workflowId} was completed twice`);
    entry.completed.add(fact.data.stepId);
  }
  if (fact.type === 'signal.received' && typeof fact.data.payload === 'string') {
    const count = (once.get(fact.data.payload) ?? 0) + 1;
    once.set(fact.data.payload, count);
    if (count > 1) violated(`the signal ${fact.data.payload}, sent once, was received ${count} times`);
  }
}

/** The stored state is the fold of the stored events. */
function compareWithStored(ledger: MemoryLedger, { ref, state }: Known): void {
  const stored = ledger.load(ref);
  if (!stored || !state) return violated(`${ref.workflowId} was committed and is not there`);
  const same = (one: string | undefined, other: string): boolean => one === other || (one !== undefined && canonicalJson(JSON.parse(one)) === canonicalJson(JSON.parse(other)));
  if (!same(stored.head, encodeHead(state))) violated(`the head of ${ref.workflowId} is not the fold of its events: ${stored.head} is not ${encodeHead(state)}`);
  for (const step of state.steps.all()) {
    const kept = stored.steps.get(step.id);
    if (kept === undefined ? step.status !== 'pending' : !same(kept, encodeStep(step))) violated(`step ${step.id} of ${ref.workflowId} is not the fold of its events: ${kept} is not ${encodeStep(step)}`);
  }
}

/** Whatever is not at its end will be looked at again, by itself. */
function checkLiveness(ledger: MemoryLedger, { ref, state }: Known): void {
  if (!state || hasEnded(state)) return;
  const due = (timer: string): boolean => ledger.tables.score(keys.due(partitionOfRef(ref)), formatMember({ kind: 'timer', ref, timer })) !== undefined;
  const need = (timer: string): void => void (due(timer) || violated(`${ref.workflowId} waits for the timer ${timer}, which is not set`));
  if (state.status === 'accepted') need('begin');
  if (state.deadlineAt !== null) need('deadline');
  for (const step of state.steps.all()) {
    if (step.status === 'scheduled') checkCall(ledger, ref, step);
    if (step.status === 'retrying' && !state.paused) need(`retry-${step.id}`);
    if (step.status !== 'open') continue;
    if (step.work.kind === 'wait' && step.work.until !== null) need(`wait-${step.id}`);
    if (step.work.kind === 'approval' && step.work.expiresAt !== null) need(`expire-${step.id}`);
    if (step.work.kind === 'workflow') need(`child-${step.id}`);
  }
}

function checkCall(ledger: MemoryLedger, ref: WorkflowRef, step: Extract<StepState, { status: 'scheduled' }>): void {
  const call = ledger.tables.hashOf(keys.call(ref, step.callId));
  const isDue = ledger.tables.score(keys.due(partitionOfRef(ref)), formatMember({ kind: 'call', ref, callId: step.callId })) !== undefined;
  if (!call) violated(`step ${step.id} of ${ref.workflowId} waits for the call ${step.callId}, which is not there`);
  if (call?.get('st') === 'sent' && !isDue) violated(`the call ${step.callId} of ${ref.workflowId} was dealt, and nobody will look after it`);
}
