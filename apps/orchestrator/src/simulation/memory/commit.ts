import { formatApproval, formatMember, keys, MOST_FIRST, partitionOfRef, REMEMBERED_COMMITS, RESTORING, UNCONFIRMED_MS, type CallToReopen, type Change, type CommitOutcome, type Tier, type WorkflowRef } from '@trivet/state';
import type { Safeguards } from './safeguards.js';
import type { Tables } from './tables.js';

const NEVER_MS = 1e15;

/** What the commit script of libs/state does, on tables in memory. `memory.int.spec.ts` proves that they are the same. */
export function commit(tables: Tables, removed: Safeguards, change: Change): CommitOutcome {
  const { ref } = change;
  const key = keys.workflow(ref);
  const current = tables.hashOf(key);
  const version = Number(current?.get('v') ?? 0);
  const made = (current?.get('op') ?? '').split(' ').filter((id) => id !== '');
  const replay = removed.opId || !current ? null : replayOf(tables, change, made, version);
  if (replay) return replay;
  const refusal = refusalOf(tables, removed, change, version);
  if (refusal) return refusal;
  const record = { v: version + 1, op: [change.opId, ...made].slice(0, REMEMBERED_COMMITS).join(' '), head: change.head, status: change.status, seq: change.seq, chain: change.chain };
  const { created } = change;
  const before = current?.get('status');
  tables.setHash(key, change.expectedVersion === 0 && created ? { ...record, task: created.task, hash: created.hash, jn: 0, created: created.createdMs } : record);
  if (change.expectedVersion === 0 && created) tables.setScore(keys.list(partitionOfRef(ref), ref.tenant), ref.workflowId, created.createdMs);
  if (Object.keys(change.steps).length > 0) tables.setHash(keys.steps(ref), change.steps);
  for (const event of change.events) tables.push(keys.events(ref), event, 'last');
  const dealt = changeCalls(tables, removed, change);
  changeTimers(tables, removed, change);
  changeActive(tables, change, before);
  if (change.finished) tables.setText(keys.tombstone(ref), change.finished.hash, NEVER_MS);
  return { status: 'committed', version: version + 1, dealt };
}

/** @param made the ids of the last commits, the newest first */
function replayOf(tables: Tables, change: Change, made: readonly string[], version: number): CommitOutcome | null {
  if (made.includes(change.opId)) return { status: 'replayed', version, moved: made[0] !== change.opId };
  const behind = version - change.expectedVersion;
  const isForgotten = behind < 0 || behind > made.length || made.some((id) => id.startsWith(RESTORING));
  return behind !== 0 && isForgotten && repeats(tables, change) ? { status: 'replayed', version, moved: true } : null;
}

/** Whether the history holds what this commit would write, although others have committed since. */
const repeats = (tables: Tables, { ref, events, seq, chain }: Change): boolean => events.length > 0 && chain !== '' && tables.list(keys.events(ref))[seq - 1]?.includes(chain) === true;

function refusalOf(tables: Tables, removed: Safeguards, change: Change, version: number): CommitOutcome | null {
  const { ref } = change;
  const current = tables.hashOf(keys.workflow(ref));
  if (change.expectedVersion === 0) {
    if (current) return { status: 'exists', hash: current.get('hash') ?? '', workflowStatus: current.get('status') ?? '' };
    const tombstone = tables.text(keys.tombstone(ref));
    if (tombstone !== undefined) return { status: 'exists', hash: tombstone, workflowStatus: 'expired' };
  } else if (version !== change.expectedVersion && !removed.version) return { status: 'conflict', version };
  for (const { callId, epoch, worker } of removed.guard ? [] : lossesIn(change)) {
    const claim = tables.hashOf(keys.claim(ref, callId));
    const isLost = (claim?.get('st') === 'held' || claim?.get('st') === 'reported') && claim.get('e') === String(epoch) && claim.get('w') === worker;
    if (!isLost) return { status: 'guarded' };
  }
  if (Number(current?.get('seq') ?? 0) + change.events.length !== change.seq && !removed.version) return { status: 'conflict', version };
  return null;
}

const lossesIn = (change: Change): Pick<CallToReopen, 'callId' | 'worker' | 'epoch'>[] => [...change.reopen, ...(change.lost ? [change.lost] : [])];

interface CallKeys {
  call: string;
  claim: string;
  queue: string;
  turns: string;
  sent: string;
  due: string;
  first: string;
  member: string;
}

function callKeys(ref: WorkflowRef, call: { callId: string; tier: Tier; priority: string }): CallKeys {
  const partition = partitionOfRef(ref);
  return {
    call: keys.call(ref, call.callId),
    claim: keys.claim(ref, call.callId),
    queue: keys.queue(partition, call.tier, ref.tenant, call.priority),
    turns: keys.turns(partition, call.tier, call.priority),
    sent: keys.sent(partition, call.tier),
    due: keys.due(partition),
    first: keys.first(partition, call.tier),
    member: formatMember({ kind: 'call', ref, callId: call.callId }),
  };
}

/** The first call of a tenant that has none here stands in no line. */
function goesFirst(tables: Tables, first: string, tenant: string, member: string): boolean {
  if ((tables.hashOf(first)?.size ?? 0) >= MOST_FIRST || tables.hash(first, tenant) !== undefined) return false;
  tables.setHash(first, { [tenant]: member });
  return true;
}

/** @returns calls that are dealt with the commit */
function changeCalls(tables: Tables, removed: Safeguards, { ref, close, schedule, reopen }: Change): string[] {
  const dealt: string[] = [];
  for (const each of close) {
    const { call, claim, queue, sent, due, first, member } = callKeys(ref, each);
    const waits = tables.hash(call, 'st') === 'ready';
    tables.drop(call);
    tables.drop(claim);
    tables.remove(sent, member);
    if (waits) tables.dropFromList(queue, member);
    tables.dropScore(due, member);
    if (tables.hash(first, ref.tenant) === member) tables.dropFields(first, ref.tenant);
  }
  for (const each of schedule) {
    const { call, claim, queue, turns, sent, due, first, member } = callKeys(ref, each);
    const hasRoom = each.direct === true && tables.list(turns).length === 0;
    const direct = hasRoom || (each.priority !== 'low' && tables.list(queue).length === 0 && goesFirst(tables, first, ref.tenant, member));
    tables.setHash(call, { st: direct ? 'sent' : 'ready', spec: each.spec, n: 0 });
    tables.setHash(claim, { st: 'open', e: 0 });
    if (direct) {
      tables.add(sent, member);
      if (!removed.dueEntry) tables.setScore(due, member, tables.nowMs() + UNCONFIRMED_MS);
      dealt.push(each.callId);
    } else if (tables.push(queue, member, 'last') === 1) tables.push(turns, ref.tenant, 'last');
  }
  for (const each of reopen) {
    const { call, claim, queue, turns, sent, due, member } = callKeys(ref, each);
    if (tables.hash(call, 'st') === 'ready') tables.dropFromList(queue, member);
    tables.setHash(call, { st: 'ready', n: Number(tables.hash(call, 'n') ?? 0) + 1 });
    tables.setHash(claim, { st: 'open' });
    tables.dropFields(claim, 'w');
    tables.remove(keys.held(partitionOfRef(ref), each.worker), member);
    tables.remove(sent, member);
    tables.dropScore(due, member);
    if (tables.push(queue, member, 'first') === 1) tables.push(turns, ref.tenant, 'last');
  }
  return dealt;
}

/** The workflows that have not ended, of each partition. */
function changeActive(tables: Tables, { ref, status }: Change, before: string | undefined): void {
  const active = keys.active(partitionOfRef(ref));
  const member = `${ref.tenant}|${ref.workflowId}`;
  if (ENDED.has(status)) tables.remove(active, member);
  else if (before === undefined || ENDED.has(before)) tables.add(active, member);
}

const ENDED = new Set(['completed', 'failed', 'cancelled']);

function changeTimers(tables: Tables, removed: Safeguards, change: Change): void {
  const { ref } = change;
  const partition = partitionOfRef(ref);
  const timer = (name: string): string => formatMember({ kind: 'timer', ref, timer: name });
  for (const each of removed.dueEntry ? [] : change.timers) tables.setScore(keys.due(partition), timer(each.timer), tables.nowMs() + Math.max(0, Math.round(each.delayMs)));
  for (const name of change.clearTimers) tables.dropScore(keys.due(partition), timer(name));
  const approvals = keys.approvals(partition, ref.tenant);
  for (const approval of change.answered) tables.dropScore(approvals, formatApproval(ref, approval));
  for (const approval of change.asked) tables.setScore(approvals, formatApproval(ref, approval), change.nowMs);
  if (change.events.length > 0) tables.setScore(keys.journal(partition), `${ref.tenant}|${ref.workflowId}`, tables.nowMs());
}
