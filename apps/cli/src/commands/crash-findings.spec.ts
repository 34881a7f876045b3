import type { Account, CallRecord, Step } from '@trivet/contracts';
import { findViolations } from './crash-findings.js';

const usage = (totalTokens: number): CallRecord['usage'] => ({ inputTokens: totalTokens, outputTokens: 0, totalTokens, costNanoUsd: 0, source: 'estimated', attempts: 1 });
const call = (callId: string, outcome: CallRecord['outcome'], more: Partial<CallRecord> = {}): CallRecord => ({ callId, attempt: 1, worker: 'executor-1', startedAt: null, finishedAt: null, usage: null, sandbox: null, outcome, ...more });
const step = (calls: CallRecord[], status: Step['status'] = 'completed'): Step => ({ id: 'overview', kind: 'tool', title: null, status, attempts: 1, startedAt: null, finishedAt: null, input: null, output: null, failure: null, calls });
const account = (usedTokens: number, heldTokens = 0): Account => ({ account: 'workflow/w', windows: [{ window: 'total', limitTokens: 20_000, usedTokens, heldTokens, limitNanoUsd: null, usedNanoUsd: 0, heldNanoUsd: 0, resetsAt: null }] });

describe('findViolations', () => {
  it('is content with a call that was lost and taken over, and tells of it', () => {
    const steps = [step([call('a', 'lost'), call('a', 'completed', { worker: 'executor-2' }), call('m', 'completed', { parentCallId: 'a', usage: usage(100) })])];
    expect(findViolations(steps, account(100))).toEqual({ lines: ['overview: 2 calls (lost on executor-1; completed on executor-2), 1 model call made inside the tool'], violations: [], recordedTokens: 100 });
  });

  it.each<[string, Step[], Account, RegExp]>([
    ['a result computed twice', [step([call('a', 'completed'), call('b', 'completed')])], account(0), /2 completed calls; it must have exactly one/],
    ['one call completed twice', [step([call('a', 'completed'), call('m', 'completed', { parentCallId: 'a' }), call('m', 'completed', { parentCallId: 'a' })])], account(0), /call m was completed more than once/],
    ['a step without its call', [step([])], account(0), /0 completed calls/],
    ['a double charge', [step([call('a', 'completed', { usage: usage(100) })])], account(200), /charged 200 tokens, the recorded calls used 100/],
    ['a hold that stayed', [step([call('a', 'completed')])], account(0, 50), /50 tokens are still held/],
    ['an account without a total', [step([call('a', 'completed')])], { account: 'workflow/w', windows: [] }, /has no total/],
  ])('finds %s', (_what, steps, ledger, expected) => {
    expect(findViolations(steps, ledger).violations.join('\n')).toMatch(expected);
  });
});
