import { createHash } from 'node:crypto';
import { FailureError, INLINE_LIMIT_BYTES, type BlobReference, type JsonValue } from '@trivet/contracts';
import { keys, parseMember, PARTITIONS, type Change, type ClaimOutcome, type CommitOutcome, type DealtCall, type Inspection, type StoredWorkflow, type SweptMember, type Tier, type WorkflowRef } from '@trivet/state';
import * as calls from './calls.js';
import { commit } from './commit.js';
import type { Safeguards } from './safeguards.js';
import type { Tables } from './tables.js';

const LEASE_MS = 2_000;

type Claimed = { status: 'open' | 'held' | 'reported' | 'done'; worker: string | null; epoch: number; claimedAtMs: number | null };

/** All that libs/state does for a workflow, each operation at once and as a whole, as a script of Redis is. */
export interface MemoryLedger {
  tables: Tables;
  commit: (change: Change) => CommitOutcome;
  load: (ref: WorkflowRef) => StoredWorkflow | null;
  loadSince: (ref: WorkflowRef, seq: number) => { version: number; events: string[]; chain: string; chainAtSeq: string } | null;
  readEvents: (ref: WorkflowRef, after: number, limit: number) => string[];
  deal: (partition: number, tier: Tier, most: number, options?: calls.Dealing) => DealtCall[];
  confirm: (ref: WorkflowRef, callId: string, seq: number, incarnation: string) => void;
  sweep: (partition: number, most: number) => SweptMember[];
  setAside: (ref: WorkflowRef, callId: string, tier: Tier, delayMs: number) => void;
  inspect: (ref: WorkflowRef, callId: string, tier: Tier, stream: { incarnation: string; ackFloor: number }) => Inspection;
  dropTimer: (ref: WorkflowRef, timer: string, hiddenUntil: number) => void;
  depth: (tier: Tier) => { ready: number; sent: number };
  tierOf: (ref: WorkflowRef, callId: string) => Tier | null;
  claim: (ref: WorkflowRef, callId: string, worker: string, options?: { child?: boolean }) => ClaimOutcome;
  release: (ref: WorkflowRef, callId: string, worker: string, epoch: number, to: 'done' | 'open' | 'again' | { reported: number }) => void;
  readClaim: (ref: WorkflowRef, callId: string) => Claimed | null;
  heldBy: (worker: string) => { ref: WorkflowRef; callId: string }[];
  lease: (partition: number, owner: string) => string;
  ownerOf: (partition: number) => string | null;
  giveUp: (partition: number, owner: string) => void;
  waiting: (partition: number, most: number, olderThanMs: number) => WorkflowRef[];
  journaledUpTo: (ref: WorkflowRef) => number;
  markJournaled: (partition: number, ref: WorkflowRef, upTo: number) => void;
  put: (bytes: Uint8Array) => BlobReference;
  loadValue: (reference: BlobReference) => JsonValue;
  storeValue: (value: JsonValue | undefined) => { inline: JsonValue | undefined } | { reference: BlobReference };
}

export function createMemoryLedger(tables: Tables, removed: Safeguards = {}): MemoryLedger {
  return {
    tables,
    commit: (change) => commit(tables, removed, change),
    ...readsOf(tables),
    deal: (partition, tier, most, options) => calls.deal({ tables, removed }, partition, tier, most, options),
    confirm: (ref, callId, seq, incarnation) => calls.confirm(tables, ref, callId, seq, incarnation),
    sweep: (partition, most) => calls.sweep(tables, partition, most),
    setAside: (ref, callId, tier, delayMs) => calls.setAside(tables, ref, callId, tier, delayMs),
    inspect: (ref, callId, tier, stream) => calls.inspect(tables, ref, callId, tier, stream),
    dropTimer: (ref, timer, hiddenUntil) => calls.dropTimer(tables, ref, timer, hiddenUntil),
    depth: (tier) => calls.depth(tables, PARTITIONS, tier),
    tierOf: (ref, callId) => {
      const spec = tables.hash(keys.call(ref, callId), 'spec');
      if (spec === undefined) return null;
      const { tier }: { tier?: unknown } = JSON.parse(spec);
      return tier === 'model' ? 'model' : 'tool';
    },
    claim: (ref, callId, worker, options = {}) => calls.claim({ tables, removed }, ref, callId, worker, options.child ?? false),
    release: (ref, callId, worker, epoch, to) => calls.release(tables, ref, callId, { worker, epoch }, to),
    ...journalOf(tables),
    ...valuesOf(),
  };
}

function readsOf(tables: Tables): Pick<MemoryLedger, 'load' | 'loadSince' | 'readEvents' | 'readClaim' | 'heldBy'> {
  return {
    load: (ref) => {
      const record = tables.hashOf(keys.workflow(ref));
      if (!record?.has('v')) return null;
      const text = (field: string): string => record.get(field) ?? '';
      return { version: Number(text('v')), head: text('head'), task: text('task'), steps: new Map(tables.hashOf(keys.steps(ref)) ?? []), seq: Number(text('seq')), chain: text('chain'), hash: text('hash') };
    },
    loadSince: (ref, seq) => {
      const record = tables.hashOf(keys.workflow(ref));
      if (!record?.has('v')) return null;
      const events = tables.list(keys.events(ref));
      const before: { hash?: unknown } = JSON.parse(events.at(seq - 1) ?? '{}');
      return { version: Number(record.get('v')), events: events.slice(seq), chain: record.get('chain') ?? '', chainAtSeq: typeof before.hash === 'string' ? before.hash : '' };
    },
    readEvents: (ref, after, limit) => tables.list(keys.events(ref)).slice(after, after + limit),
    readClaim: (ref, callId) => {
      const record = tables.hashOf(keys.claim(ref, callId));
      const status = record?.get('st');
      if (status !== 'open' && status !== 'held' && status !== 'reported' && status !== 'done') return null;
      const at = record?.get('at');
      return { status, worker: record?.get('w') ?? null, epoch: Number(record?.get('e') ?? 0), claimedAtMs: at === undefined ? null : Number(at) };
    },
    heldBy: (worker) =>
      PARTITIONS.flatMap((partition) => tables.members(keys.held(partition, worker))).flatMap((text) => {
        const member = parseMember(text);
        return member?.kind === 'call' ? [{ ref: member.ref, callId: member.callId }] : [];
      }),
  };
}

function journalOf(tables: Tables): Pick<MemoryLedger, 'lease' | 'ownerOf' | 'giveUp' | 'waiting' | 'journaledUpTo' | 'markJournaled'> {
  return {
    lease: (partition, owner) => {
      const key = keys.relay(partition);
      const known = tables.text(key) ?? owner;
      if (known === owner) tables.setText(key, owner, LEASE_MS);
      return known;
    },
    ownerOf: (partition) => tables.text(keys.relay(partition)) ?? null,
    giveUp: (partition, owner) => {
      if (tables.text(keys.relay(partition)) === owner) tables.drop(keys.relay(partition));
    },
    waiting: (partition, most, olderThanMs) =>
      tables.upTo(keys.journal(partition), tables.nowMs() - olderThanMs, most).flatMap((member) => {
        const [tenant, workflowId] = member.split('|');
        return tenant && workflowId ? [{ tenant, workflowId }] : [];
      }),
    journaledUpTo: (ref) => Number(tables.hash(keys.workflow(ref), 'jn') ?? 0),
    markJournaled: (partition, ref, upTo) => {
      const record = tables.hashOf(keys.workflow(ref));
      const member = `${ref.tenant}|${ref.workflowId}`;
      const highest = Math.max(Number(record?.get('jn') ?? 0), upTo);
      if (record) tables.setHash(keys.workflow(ref), { jn: highest });
      if (!record || highest >= Number(record.get('seq'))) tables.dropScore(keys.journal(partition), member);
    },
  };
}

function valuesOf(): Pick<MemoryLedger, 'put' | 'loadValue' | 'storeValue'> {
  const values = new Map<string, string>();
  const put = (bytes: Uint8Array): BlobReference => {
    const blob = createHash('sha256').update(bytes).digest('hex');
    values.set(blob, Buffer.from(bytes).toString());
    return { blob, bytes: bytes.byteLength };
  };
  return {
    put,
    loadValue: (reference) => {
      const text = values.get(reference.blob);
      if (text === undefined) throw new FailureError('not_found', `The value ${reference.blob} was never stored.`);
      const value: JsonValue = JSON.parse(text);
      return value;
    },
    storeValue: (value) => {
      if (value === undefined) return { inline: undefined };
      const bytes = Buffer.from(JSON.stringify(value));
      return bytes.byteLength <= INLINE_LIMIT_BYTES ? { inline: value } : { reference: put(bytes) };
    },
  };
}
