import type { CallRecord } from '@trivet/contracts';
import { RESTORING, type AccountRef, type Change, type Ledger, type RecoveryState, type WorkflowRef, type WorkflowStore } from '@trivet/state';
import { changeOf, eventHash } from '../runner/change.js';
import { decodeEvent } from '../runner/codec.js';
import { usedByCalls } from '../runner/used-by-calls.js';
import { apply } from '../workflow/apply.js';
import { accountKeptMs } from '../budget/account-retirer.js';
import { hasEnded, type WorkflowState } from '../workflow/state.js';
import { dueOf } from './due-of.js';

export interface RestoreParts {
  state: RecoveryState;
  store: WorkflowStore;
  ledger: Ledger;
  nowMs: () => number;
  keepFinishedMs: number;
}

/**
 * Writes a workflow as its journaled events give it, with all that is due of it; its calls that were open are opened again
 * under new claims. May be done again at will. What it used is charged unless the ledger knows of it.
 * @returns false when the events are not a whole history: nothing is written
 */
export async function restoreWorkflow(parts: RestoreParts, ref: WorkflowRef, texts: readonly string[]): Promise<boolean> {
  const events = wholeHistory(texts);
  if (!events) return false;
  const folded = events.reduce<WorkflowState | null>((state, text) => apply(state, decodeEvent(text)), null);
  if (!folded) return false;
  await parts.state.forget(ref);
  await parts.store.commit(changeTo(ref, folded, events, parts));
  await chargeAll(parts.ledger, folded);
  if (hasEnded(folded)) await parts.ledger.retireAccounts([{ scope: 'workflow', tenant: ref.tenant, id: ref.workflowId }], accountKeptMs(parts.keepFinishedMs));
  return true;
}

function changeTo(ref: WorkflowRef, state: WorkflowState, texts: string[], parts: RestoreParts): Change {
  const nowMs = parts.nowMs();
  const touched = new Set([...state.steps.all()].map((step) => step.id));
  const context = { ref, opId: `${RESTORING}${texts.length}:${nowMs}`, expectedVersion: 0, seqBefore: 0, chainBefore: '', nowMs, traceparent: state.accepted.traceparent, keepFinishedMs: parts.keepFinishedMs };
  const change = changeOf({ state, events: [], effects: dueOf(state, nowMs), touched }, context);
  const last = texts.at(-1);
  const chain: { hash?: string } = last ? JSON.parse(last) : {};
  const createdMs = Date.parse(state.accepted.createdAt);
  return { ...change, events: texts, seq: texts.length, chain: chain.hash ?? '', created: { task: '{}', hash: state.accepted.bodyHash, ...change.created, createdMs }, used: usedByCalls(state.accepted, texts.map((text) => decodeEvent(text))), restored: true };
}

/** The events from the first to the last without a gap, each once and each the successor of the one before. */
function wholeHistory(texts: readonly string[]): string[] | null {
  const bySeq = new Map<number, string>();
  for (const text of texts) {
    const { seq }: { seq: number } = JSON.parse(text);
    if (!bySeq.has(seq)) bySeq.set(seq, text);
  }
  const whole: string[] = [];
  let chain = '';
  for (let seq = 1; bySeq.has(seq); seq += 1) {
    const text = bySeq.get(seq) ?? '';
    const { hash }: { hash?: string } = JSON.parse(text);
    chain = eventHash(chain, decodeEvent(text));
    if (hash !== undefined && hash !== chain) break;
    whole.push(text);
  }
  return whole.length > 0 ? whole : null;
}

const KEEP_MS = 7 * 86_400_000;
const LEASE_MS = 60_000;

/** Charges what the calls used, under the reservations they had: one that the ledger still knows is not charged again. */
async function chargeAll(ledger: Ledger, state: WorkflowState): Promise<void> {
  for (const step of state.steps.all()) {
    for (const call of step.calls) if (call.usage && call.usage.totalTokens + call.usage.costNanoUsd > 0 && !step.reusedFrom) await charge(ledger, state, call);
  }
}

async function charge(ledger: Ledger, state: WorkflowState, call: CallRecord): Promise<void> {
  const { usage } = call;
  if (!usage) return;
  const reservationId = `${call.callId}.${Math.max(1, usage.attempts)}`;
  const settlement = { reservationId, tokens: usage.totalTokens, nanoUsd: usage.costNanoUsd, keepMs: KEEP_MS };
  const { transition } = await ledger.settle(settlement);
  if (transition.status !== 'missing') return;
  const held = await ledger.reserve({ reservationId, fingerprint: 'restored', accounts: accountsOf(state), tokens: usage.totalTokens, nanoUsd: usage.costNanoUsd, leaseMs: LEASE_MS });
  if (held.status === 'held') await ledger.settle(settlement);
}

function accountsOf({ accepted: { tenant, workflowId, parent, task } }: WorkflowState): AccountRef[] {
  return [
    ...[workflowId, ...(parent?.ancestors ?? [])].map((id): AccountRef => ({ scope: 'workflow', tenant, id })),
    ...(task.session ? [{ scope: 'session', tenant, id: task.session } as const] : []),
    ...(task.user ? [{ scope: 'user', tenant, id: task.user } as const] : []),
    { scope: 'tenant', tenant, id: tenant },
    { scope: 'global', tenant, id: 'global' },
  ];
}
