import type { JsonValue, Plan } from '@trivet/contracts';
import { drive, type Drive } from './drive-for-tests.js';

/** A scripted run of each kind of step and each control; recorded once for each version of the machine, replayed on every build. */
export interface Scenario {
  name: string;
  run: () => Drive;
}

const failure = { code: 'tool_failed', message: 'no' } as const;
const tool = (id: string, rest: object = {}): Plan['steps'][number] => ({ id, kind: 'tool', tool: 'search', ...rest });
const usage = { inputTokens: 6, outputTokens: 4, totalTokens: 10, costNanoUsd: 0, source: 'reported', attempts: 1 } as const;

export const SCENARIOS: readonly Scenario[] = [
  { name: 'tool', run: () => after(drive({ steps: [tool('a', { input: { q: '{{ goal }}' } }), tool('b', { dependsOn: ['a'], when: 'steps.a.output.hits > `5`' }), tool('c', { input: { $: 'steps.a.output' } })] }), (run) => [run.answer('a', { hits: 2 }), run.answer('c', 'done')]) },
  { name: 'model', run: () => after(drive({ steps: [{ id: 'm', kind: 'model', onFailure: 'degrade', input: { tier: 'large', messages: [{ role: 'user', content: 'hi' }] } }] }), (run) => [run.report('m', { failure: { code: 'model_unavailable', message: 'down' } }), run.fire('retry-m'), run.answer('m', says('hello'))]) },
  { name: 'agent', run: runAgent },
  { name: 'script', run: runScript },
  { name: 'code', run: () => after(drive({ steps: [{ id: 'k', kind: 'code', timeoutMs: 1_000, input: { code: 'return input', input: { $: 'goal' } } }] }), (run) => [run.answer('k', 1)]) },
  { name: 'map', run: () => after(drive({ steps: [{ id: 'm', kind: 'map', over: [1, 2, 3], parallel: 2, collect: { atLeast: 2 }, step: { id: 'item', kind: 'tool', tool: 'search', input: { q: { $: 'item' } } } }] }), (run) => [run.answer('m--1', 'two'), run.report('m--0', { failure }), run.answer('m--2', 'three')]) },
  { name: 'approval', run: () => after(drive({ steps: [approval('gate'), tool('send', { dependsOn: ['gate'] }), approval('late', { expiresMs: 500, onExpire: 'approve' })] }), (run) => [decide(run, 'gate', 'deny'), run.wait(500), run.fire('expire-late')]) },
  { name: 'wait', run: () => after(drive({ steps: [{ id: 'nap', kind: 'wait', input: { ms: 100 } }, { id: 'sig', kind: 'wait', input: { signal: 'go', timeoutMs: 900 } }, { id: 'until', kind: 'wait', dependsOn: ['nap'], input: { until: 1_000_900 } }] }), (run) => [run.wait(100), run.fire('wait-nap'), run.tell({ type: 'signal', name: 'go', payload: { by: 'ann' } }), run.tell({ type: 'signal', name: 'other', payload: null }), run.wait(800), run.fire('wait-until')]) },
  { name: 'workflow', run: () => after(drive({ steps: [child('one'), child('two', { onFailure: 'continue' })] }, { deadlineMs: 60_000 }), (run) => [run.fire('child-one'), endChild(run, 'one', { status: 'completed', output: { a: 1 } }), endChild(run, 'two', { status: 'failed', failure })]) },
  { name: 'retries', run: () => after(drive({ steps: [tool('a', { retry: { max: 2, initialMs: 100, codes: ['tool_failed'] } }), tool('b', { onFailure: 'continue' })] }), (run) => [run.report('a', { failure }), run.wait(100), run.fire('retry-a'), run.report('b', { failure }), run.answer('a', 1)]) },
  { name: 'worker-lost', run: () => after(drive({ steps: [tool('a')] }), (run) => [lose(run, 'worker-lost'), lose(run, 'result-lost'), run.answer('a', 1)]) },
  { name: 'poisoned', run: () => after(drive({ steps: [tool('a')] }), (run) => [lose(run, 'worker-lost'), lose(run, 'worker-lost'), lose(run, 'worker-lost')]) },
  { name: 'pause-and-resume', run: () => after(drive({ steps: [tool('a'), tool('b', { dependsOn: ['a'] })] }), (run) => [run.tell({ type: 'pause', reason: 'wait' }), run.answer('a', 1), run.tell({ type: 'resume' }), run.answer('b', 2)]) },
  { name: 'cancel-and-retry', run: () => after(drive({ steps: [tool('a'), tool('b'), child('c')] }), (run) => [run.answer('a', 1), run.tell({ type: 'cancel', reason: 'enough' }), run.tell({ type: 'retry', reason: 'again' }), run.answer('b', 2), endChild(run, 'c', { status: 'completed', output: null })]) },
  { name: 'deadline', run: () => after(drive({ steps: [tool('a'), approval('gate')] }, { deadlineMs: 1_000 }), (run) => [run.wait(1_000), run.fire('deadline')]) },
  { name: 'budget', run: () => after(drive({ steps: [tool('a')] }, { budget: { tokens: 100 } }), (run) => [run.tell({ type: 'begin' }), run.answer('a', 1)]) },
  { name: 'too-late', run: () => after(drive({ steps: [tool('a'), tool('b')] }), tooLate) },
  { name: 'given-up', run: () => after(drive({ steps: [tool('a')] }), (run) => [run.tell({ type: 'give-up', failure: { code: 'internal', message: 'a defect' } })]) },
];

function after(run: Drive, steps: (run: Drive) => unknown[]): Drive {
  steps(run);
  return run;
}

const says = (text: string, toolCalls: JsonValue[] = []): JsonValue => ({ text, model: 'm', provider: 'p', finishReason: toolCalls.length > 0 ? 'tool_calls' : 'stop', ...(toolCalls.length > 0 ? { toolCalls } : {}) });
const approval = (id: string, rest: object = {}): Plan['steps'][number] => ({ id, kind: 'approval', input: { question: `May ${id}?`, details: { to: 'all' }, ...rest } });
const child = (id: string, rest: object = {}): Plan['steps'][number] => ({ id, kind: 'workflow', input: { goal: 'part', plan: { steps: [{ id: 'a', kind: 'tool', tool: 'search' }] } }, ...rest });

function runAgent(): Drive {
  const run = drive({ steps: [{ id: 'bot', kind: 'agent', input: { goal: 'find out', tools: ['search'], maxTurns: 3 } }] }, {}, { tools: { search: { digest: 'd', description: 'Searches', input: { type: 'object' } } } });
  const wants = { id: 'call-1', name: 'search', arguments: { q: 'x' } };
  run.report('bot--0', Object.assign({ usage }, JSON.parse(JSON.stringify({ output: says('let me look', [wants]) }))));
  run.answer('bot--1', { hits: 2 });
  run.report('bot--2', Object.assign({ usage }, JSON.parse(JSON.stringify({ output: says('two') }))));
  return run;
}

function runScript(): Drive {
  const run = drive({ steps: [{ id: 'job', kind: 'code', input: { code: 'await tool("search", {})', tools: ['search'] } }] }, {}, { tools: { search: { digest: 'd' } } });
  run.answer('job--0', { value: null, output: '', awaits: [{ kind: 'tool', tool: 'search', input: { q: 'x' } }, { kind: 'wait', input: { ms: 100 } }] });
  run.report('job--1', { failure });
  run.wait(100);
  run.fire('wait-job--2');
  run.answer('job--3', { value: 2, output: 'done' });
  return run;
}

function decide(run: Drive, stepId: string, decision: 'approve' | 'deny'): void {
  const step = run.step(stepId);
  if (step.status === 'open' && step.work.kind === 'approval') run.tell({ type: 'decide', stepId, approvalId: step.work.approvalId, actor: 'ann', decision: { decision, comment: 'said so' } });
}

type End = { status: 'completed'; output: JsonValue } | { status: 'failed'; failure: typeof failure };

function endChild(run: Drive, stepId: string, end: End): void {
  const step = run.step(stepId);
  if (step.status === 'open' && step.work.kind === 'workflow') run.tell({ type: 'child-ended', stepId, childId: step.work.childId, end });
}

function lose(run: Drive, type: 'worker-lost' | 'result-lost'): void {
  const step = run.step('a');
  if (step.status === 'scheduled') run.tell({ type, callId: step.callId, worker: 'w1', epoch: 1 });
}

/** Two results of one call, the second by another worker, and one after the end. */
function tooLate(run: Drive): unknown[] {
  const step = run.step('a');
  if (step.status !== 'scheduled') throw new RangeError('unreachable: the step was just scheduled');
  const late = { callId: step.callId, tenant: 'acme', workflowId: 'wf', stepId: 'a', attempt: 1, epoch: 2, worker: 'w2', startedAt: 'a', finishedAt: 'b', output: 'other' };
  run.answer('a', 1);
  return [run.tell({ type: 'result', tier: 'tool', result: late }), run.answer('b', 2), run.tell({ type: 'result', tier: 'tool', result: { ...late, worker: 'w3' } })];
}
