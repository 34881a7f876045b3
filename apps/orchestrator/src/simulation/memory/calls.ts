import { PRIORITIES } from '@trivet/contracts';
import { formatMember, keys, parseMember, partitionOfRef, UNCLAIMED_MS, UNCONFIRMED_MS, type ClaimOutcome, type DealtCall, type Inspection, type SweptMember, type Tier, type WorkflowRef } from '@trivet/state';
import type { Safeguards } from './safeguards.js';
import type { Tables } from './tables.js';

const HIDE_MS = 1_000;

const memberOf = (ref: WorkflowRef, callId: string): string => formatMember({ kind: 'call', ref, callId });

/** The tables, and which safeguards they do without. */
export interface Memory {
  tables: Tables;
  removed: Safeguards;
}

export interface Dealing {
  weights?: ReadonlyMap<string, number>;
  lowestFirst?: boolean;
}

/** The scripts of calls.lua.ts, each under the name it has there, on tables in memory. */
export function deal({ tables, removed }: Memory, partition: number, tier: Tier, most: number, { weights = new Map(), lowestFirst = false }: Dealing = {}): DealtCall[] {
  const dealt: DealtCall[] = [];
  for (const priority of lowestFirst ? [...PRIORITIES].reverse() : PRIORITIES) {
    const turns = keys.turns(partition, tier, priority);
    while (dealt.length < most) {
      const tenant = tables.pop(turns);
      if (tenant === undefined) break;
      const queue = keys.queue(partition, tier, tenant, priority);
      for (let turn = Math.min(weights.get(tenant) ?? 1, most - dealt.length); turn > 0; turn -= 1) {
        const text = tables.pop(queue);
        if (text === undefined) break;
        const call = dealOne({ tables, removed }, { partition, tier, text });
        if (call) dealt.push(call);
      }
      if (tables.list(queue).length > 0) tables.push(turns, tenant, 'last');
    }
  }
  return dealt;
}

function dealOne({ tables, removed }: Memory, { partition, tier, text }: { partition: number; tier: Tier; text: string }): DealtCall | null {
  const member = parseMember(text);
  if (member?.kind !== 'call') return null;
  const call = keys.call(member.ref, member.callId);
  const spec = tables.hash(call, 'spec');
  if (spec === undefined) return null;
  tables.setHash(call, { st: 'sent' });
  tables.dropFields(call, 'seq', 'inc');
  tables.add(keys.sent(partition, tier), text);
  if (!removed.dueEntry) tables.setScore(keys.due(partition), text, tables.nowMs() + UNCONFIRMED_MS);
  return { ref: member.ref, callId: member.callId, spec, published: Number(tables.hash(call, 'n')) };
}

export function confirm(tables: Tables, ref: WorkflowRef, callId: string, seq: number, incarnation: string): void {
  const call = keys.call(ref, callId);
  if (tables.hash(call, 'st') !== 'sent') return;
  tables.setHash(call, { seq, inc: incarnation });
  tables.setScore(keys.due(partitionOfRef(ref)), memberOf(ref, callId), tables.nowMs() + UNCLAIMED_MS, 'known');
}

export function setAside(tables: Tables, ref: WorkflowRef, callId: string, tier: Tier, delayMs: number): void {
  if (tables.hash(keys.call(ref, callId), 'st') !== 'sent') return;
  const partition = partitionOfRef(ref);
  tables.remove(keys.sent(partition, tier), memberOf(ref, callId));
  tables.setScore(keys.due(partition), memberOf(ref, callId), tables.nowMs() + delayMs, 'known');
}

export function claim({ tables, removed }: Memory, ref: WorkflowRef, callId: string, worker: string, child: boolean): ClaimOutcome {
  const key = keys.claim(ref, callId);
  const known = tables.hashOf(key);
  const status = known?.get('st');
  if (status === undefined && !child) return { status: 'unknown' };
  if ((status === 'done' || status === 'reported') && !removed.fence) return { status: 'done' };
  const holder = known?.get('w');
  if (status === 'held' && holder !== undefined && holder !== worker && !removed.fence) return { status: 'busy', worker: holder };
  const epoch = Number(known?.get('e') ?? 0) + (removed.epoch && known?.has('at') ? 0 : 1);
  tables.setHash(key, { st: 'held', e: epoch, w: worker, at: tables.nowMs() });
  tables.add(keys.held(partitionOfRef(ref), worker), memberOf(ref, callId));
  return { status: 'claimed', epoch };
}

export function release(tables: Tables, ref: WorkflowRef, callId: string, { worker, epoch }: { worker: string; epoch: number }, to: 'done' | 'open' | 'again' | { reported: number }): void {
  const key = keys.claim(ref, callId);
  tables.remove(keys.held(partitionOfRef(ref), worker), memberOf(ref, callId));
  const known = tables.hashOf(key);
  if (known?.get('st') !== 'held' || known.get('e') !== String(epoch) || known.get('w') !== worker) return;
  tables.setHash(key, typeof to === 'string' ? { st: to === 'again' ? 'open' : to } : { st: 'reported', rs: to.reported });
  if (to === 'open' || to === 'again') tables.dropFields(key, 'w');
}

export function sweep(tables: Tables, partition: number, most: number): SweptMember[] {
  const due = keys.due(partition);
  const hiddenUntil = tables.nowMs() + HIDE_MS;
  const members = tables.upTo(due, tables.nowMs(), most);
  for (const member of members) tables.setScore(due, member, hiddenUntil);
  return members.map(parseMember).flatMap((member) => (member ? [{ ...member, hiddenUntil }] : []));
}

export function dropTimer(tables: Tables, ref: WorkflowRef, timer: string, hiddenUntil: number): void {
  const due = keys.due(partitionOfRef(ref));
  const member = formatMember({ kind: 'timer', ref, timer });
  if (tables.score(due, member) === hiddenUntil) tables.dropScore(due, member);
}

export function inspect(tables: Tables, ref: WorkflowRef, callId: string, tier: Tier, stream: { incarnation: string; ackFloor: number }): Inspection {
  const due = keys.due(partitionOfRef(ref));
  const member = memberOf(ref, callId);
  const call = keys.call(ref, callId);
  const known = tables.hashOf(call);
  if (!known?.has('st') || known.get('st') === 'ready') {
    tables.dropScore(due, member);
    return { status: 'gone' };
  }
  const held = tables.hashOf(keys.claim(ref, callId));
  const later = (): void => tables.setScore(due, member, tables.nowMs() + UNCLAIMED_MS, 'known');
  const status = held?.get('st');
  if (status === 'held' || status === 'reported') {
    later();
    const claimed = { worker: held?.get('w') ?? '', epoch: Number(held?.get('e')) };
    return status === 'held' ? { status, ...claimed } : { status, ...claimed, resultSeq: Number(held?.get('rs')) };
  }
  const seq = known.get('seq');
  if (seq !== undefined && known.get('inc') === stream.incarnation && Number(seq) > stream.ackFloor) {
    later();
    return { status: 'queued' };
  }
  const published = Number(known.get('n')) + 1;
  tables.setHash(call, { n: published });
  tables.dropFields(call, 'seq', 'inc');
  tables.add(keys.sent(partitionOfRef(ref), tier), member);
  return { status: 'publish', spec: known.get('spec') ?? '', published };
}

export function depth(tables: Tables, partitions: readonly number[], tier: Tier): { ready: number; sent: number } {
  let ready = 0;
  let sent = 0;
  for (const partition of partitions) {
    sent += tables.members(keys.sent(partition, tier)).length;
    for (const priority of PRIORITIES) for (const tenant of tables.list(keys.turns(partition, tier, priority))) ready += tables.list(keys.queue(partition, tier, tenant, priority)).length;
  }
  return { ready, sent };
}
