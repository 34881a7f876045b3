import type { JsonValue, Plan } from '@trivet/contracts';
import { drive, type Drive } from '../drive-for-tests.js';

const plan = (input: object = {}): Plan => ({ steps: [{ id: 'job', kind: 'code', input: { code: 'await tool("search", {})', tools: ['search', 'launch'], ...input } }] });
const tools = { search: { digest: 'd' }, launch: { digest: 'e', dangerous: true } };
const begun = (input: object = {}): Drive => drive(plan(input), {}, { tools });
const waits = (...awaits: JsonValue[]): JsonValue => ({ value: null, output: '', awaits });
const search = (q: string): JsonValue => ({ kind: 'tool', tool: 'search', input: { q } });
const resultsOf = (run: Drive, stepId: string): JsonValue => (run.step(stepId).input as { durable: { results: JsonValue } }).durable.results;

describe('a durable script', () => {
  it('is run again with what it awaited, each of that a step of its own, until it is done', () => {
    const run = begun({ input: { a: 1 } });
    expect(run.step('job--0').input).toMatchObject({ code: expect.any(String), input: { a: 1 }, durable: { tools: ['search', 'launch'], results: [] } });
    run.answer('job--0', waits(search('x'), search('y')));
    expect(['job--1', 'job--2'].map(run.status)).toEqual(['scheduled', 'scheduled']);
    run.answer('job--2', 2);
    expect(run.state().steps.get('job--3')).toBeUndefined();
    run.report('job--1', { failure: { code: 'tool_failed', message: 'no' } });
    expect(resultsOf(run, 'job--3')).toEqual([{ of: 'tool search', error: { code: 'tool_failed', message: 'no' } }, { of: 'tool search', value: 2 }]);
    run.answer('job--3', waits({ kind: 'wait', input: { ms: 500 } }));
    expect(run.status('job--4')).toBe('open');
    run.wait(500);
    run.fire('wait-job--4');
    expect(resultsOf(run, 'job--5')).toEqual([{ of: 'tool search', error: { code: 'tool_failed', message: 'no' } }, { of: 'tool search', value: 2 }, { of: 'wait', value: {} }]);
    run.answer('job--5', { value: { sum: 2 }, output: 'done\n' });
    expect(run.state()).toMatchObject({ status: 'completed', result: { job: { value: { sum: 2 }, output: 'done\n' } } });
    expect([...run.folded().steps.all()]).toEqual([...run.state().steps.all()]);
  });

  it('sees the time at which it began, in every run', () => {
    const run = begun();
    const startedAt = (stepId: string): JsonValue => (run.step(stepId).input as { durable: { startedAtMs: number } }).durable.startedAtMs;
    const first = startedAt('job--0');
    run.answer('job--0', waits(search('x')));
    run.wait(10_000);
    run.answer('job--1', 1);
    expect(startedAt('job--2')).toBe(first);
  });

  it('what it writes is never evaluated', () => {
    const run = begun();
    run.answer('job--0', waits({ kind: 'tool', tool: 'search', input: { q: { $: 'goal' } } }, { kind: 'approval', input: { question: '{{ goal }}?' } }));
    expect(run.step('job--1').input).toEqual({ q: { $: 'goal' } });
    expect(run.step('job--2')).toMatchObject({ work: { kind: 'approval', question: '{{ goal }}?' } });
  });

  it('a person is asked before a dangerous tool', () => {
    const run = begun();
    run.answer('job--0', waits({ kind: 'tool', tool: 'launch', input: {} }));
    expect(run.step('job--1')).toMatchObject({ status: 'open', work: { kind: 'approval', purpose: 'tool' } });
  });

  it.each([
    ['calls a tool that it was not given', waits({ kind: 'tool', tool: 'shell', input: {} }), 'tool_host_denied', 'may not call the tool shell'],
    ['asks for what nobody knows', waits({ kind: 'reboot' }), 'tool_output_invalid', 'that nobody can wait for'],
    ['gives no result of a run', 'hello', 'tool_output_invalid', 'that nobody can wait for'],
    ['waits for too much', waits(...Array.from({ length: 501 }, () => search('x'))), 'tool_host_calls_exceeded', 'the limit is 500'],
  ])('fails when it %s', (_what, output, code, words) => {
    const run = begun();
    run.answer('job--0', output);
    expect(run.state()).toMatchObject({ status: 'failed', failure: { code, message: expect.stringContaining(words) } });
  });

  it('fails with the failure of its run', () => {
    const run = begun();
    run.report('job--0', { failure: { code: 'tool_failed', message: 'ReferenceError: x is not defined (line 2)' } });
    expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'tool_failed', message: expect.stringContaining('line 2') } });
  });

  it('without tools it is one call, as it always was', () => {
    const run = drive({ steps: [{ id: 'job', kind: 'code', input: { code: '1 + 1' } }] });
    expect(run.step('job')).toMatchObject({ status: 'scheduled', input: { code: '1 + 1' } });
  });
});
