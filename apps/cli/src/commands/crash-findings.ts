import type { Account, CallRecord, Step } from '@trivet/contracts';

export interface CrashFindings {
  /** One line a step: its calls and how each ended. */
  lines: string[];
  /** What does not hold; empty when all is well. */
  violations: string[];
  /** Tokens of all recorded calls; the ledger must have charged exactly these. */
  recordedTokens: number;
}

/** Reads from the record of the calls and from the ledger whether a crash cost anything twice. Pure. */
export function findViolations(steps: readonly Step[], account: Account): CrashFindings {
  const violations: string[] = [];
  for (const step of steps) {
    const completed = ownCalls(step).filter((call) => call.outcome === 'completed').length;
    if (step.status === 'completed' && completed !== 1) violations.push(`step ${step.id} has ${completed} completed calls; it must have exactly one`);
  }
  const completedIds = steps.flatMap((step) => step.calls).filter((call) => call.outcome === 'completed').map((call) => call.callId);
  for (const callId of new Set(completedIds.filter((callId, index) => completedIds.indexOf(callId) !== index))) violations.push(`call ${callId} was completed more than once`);
  const recordedTokens = steps.flatMap((step) => step.calls).reduce((sum, call) => sum + (call.usage?.totalTokens ?? 0), 0);
  const total = account.windows.find((window) => window.window === 'total');
  if (!total) violations.push(`the account ${account.account} has no total`);
  else if (total.usedTokens !== recordedTokens) violations.push(`the ledger charged ${total.usedTokens} tokens, the recorded calls used ${recordedTokens}`);
  if (total && total.heldTokens !== 0) violations.push(`${total.heldTokens} tokens are still held after the end`);
  return { lines: steps.map(describeCalls), violations, recordedTokens };
}

function describeCalls(step: Step): string {
  const outcomes = ownCalls(step).map((call) => `${call.outcome ?? 'open'}${call.worker ? ` on ${call.worker}` : ''}`);
  const inner = step.calls.length - ownCalls(step).length;
  return `${step.id}: ${outcomes.length} ${outcomes.length === 1 ? 'call' : 'calls'} (${outcomes.join('; ')})${inner > 0 ? `, ${inner} model ${inner === 1 ? 'call' : 'calls'} made inside the tool` : ''}`;
}

/** The step's own calls, without the model calls that its tool made. */
function ownCalls(step: Step): CallRecord[] {
  return step.calls.filter((call) => call.parentCallId === undefined);
}
