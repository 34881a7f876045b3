import type { TraceSpan, WorkflowEvent } from '@trivet/contracts';
import { colorsFor } from './colors.js';
import { printer } from './printer.js';
import { formatStepTree } from './step-tree.js';
import { formatFields, formatTable } from './table.js';
import { clip, formatBudget, formatCost, formatDuration, formatResult, formatWholeResult, shorten } from './text.js';
import { formatWaterfall } from './waterfall.js';
import { EMPTY_VIEW, foldEvent, type WorkflowView } from './workflow-view.js';
import { PassThrough } from 'node:stream';

const colors = colorsFor({ isTTY: false }, {});
const call = { callId: 'c', attempt: 1, worker: 'executor-1', startedAt: null, finishedAt: null, usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3, costNanoUsd: 0, source: 'reported' as const, attempts: 1 }, sandbox: null, outcome: 'completed' as const };

/** Two steps side by side and one after them. */
const accepted: WorkflowEvent = {
  seq: 1, at: '2026-01-01T00:00:00.000Z', workflowId: 'w', type: 'task.accepted',
  data: {
    tenant: 'default', task: { goal: 'Analyse Nimbus Robotics' }, template: 'research', templateDigest: null, source: 'http', bodyHash: 'h', traceparent: null,
    plan: { steps: [{ id: 'overview', kind: 'tool', tool: 'web_research' }, { id: 'funding', kind: 'tool', tool: 'web_research' }, { id: 'report', kind: 'model', dependsOn: ['overview'], input: { variables: { funding: { $: 'steps.funding.output.summary' } } } }] },
  },
};
const at = (seconds: number): { seq: number; at: string; workflowId: string } => ({ seq: seconds + 2, at: `2026-01-01T00:00:0${seconds}.000Z`, workflowId: 'w' });
const fold = (...events: WorkflowEvent[]): WorkflowView => events.reduce(foldEvent, EMPTY_VIEW);
const tree = (view: WorkflowView): string => formatStepTree(view, { colors, nowMs: Date.parse('2026-01-01T00:00:02.000Z'), width: 80 }).join('\n');

describe('the step tree', () => {
  it('marks what runs side by side, what waits and what ran how long', () => {
    const view = fold(accepted, { ...at(0), type: 'step.scheduled', data: { stepId: 'overview', callId: 'c', attempt: 1 } }, { ...at(0), type: 'step.scheduled', data: { stepId: 'funding', callId: 'd', attempt: 1 } }, { ...at(1), type: 'step.completed', data: { stepId: 'overview', call } });
    expect(tree(view)).toBe(['Analyse Nimbus Robotics', '├─┌ ✔ overview  web_research    1.00 s  3 tokens', '├─└ ▶ funding   web_research  running 2.00 s', '└── · report    model         waits for overview, funding'].join('\n'));
  });

  it('tells of retries, dead workers and failures', () => {
    const failure = { code: 'tool_timeout' as const, message: 'tool web_research ran 30 s; its limit is 10 s' };
    const view = fold(
      accepted,
      { ...at(0), type: 'step.scheduled', data: { stepId: 'overview', callId: 'c', attempt: 1 } },
      { ...at(0), type: 'step.retrying', data: { stepId: 'overview', failure, call: { ...call, outcome: 'failed' }, nextAttempt: 2, retryAt: 0 } },
      { ...at(0), type: 'call.lost', data: { stepId: 'overview', callId: 'c', worker: 'executor-1', deaths: 1, call } },
      { ...at(1), type: 'step.failed', data: { stepId: 'overview', failure, call } },
      { ...at(1), type: 'workflow.failed', data: { failure } },
    );
    expect(tree(view)).toMatch(/✘ overview .*failed .*attempt 1 failed \(tool_timeout\), tried again {2}executor-1 died, another worker took over {2}tool web_research ran 30 s/);
    expect(view).toMatchObject({ ended: 'failed', failure: failure.message });
  });

  it('takes no notice of steps it does not know', () => {
    expect(fold(accepted, { ...at(1), type: 'step.cancelled', data: { stepId: 'nope' } }).steps.size).toBe(3);
  });
});

describe('the waterfall', () => {
  const span = (spanId: string, parentSpanId: string | null, name: string, startedAt: number, durationMs: number): TraceSpan => ({ traceId: 't', spanId, parentSpanId, name, service: 'model', startedAt, durationMs, status: 'ok', attributes: {} });

  it('puts children below their parents and bars where they were in time', () => {
    const lines = formatWaterfall([span('b', 'a', 'model.call', 1050, 50), span('a', null, 'task.submit', 1000, 100)], { colors, width: 60 });
    expect(lines[0]).toBe('100 ms from the first span to the last, 2 spans in model');
    expect(lines[1]).toMatch(/^task\.submit +model +━{20,} +100 ms$/);
    expect(lines[2]).toMatch(/^ {2}model\.call +model +━{10,} +50 ms$/);
    expect(lines[2]?.indexOf('━')).toBeGreaterThan(lines[1]?.indexOf('━') ?? 0);
  });

  it('shows a span whose parent is missing, and an empty trace', () => {
    expect(formatWaterfall([span('b', 'gone', 'tool.call', 0, 1)], { colors, width: 60 })).toHaveLength(2);
    expect(formatWaterfall([], { colors, width: 60 })).toEqual(['no spans']);
  });
});

describe('tables and words', () => {
  it('aligns columns and keeps a value on its line', () => {
    const table = formatTable([{ name: 'a\nb', count: 7 }, { name: 'c', count: 1234 }], [{ title: 'name', value: (row) => row.name }, { title: 'count', value: (row) => row.count, align: 'right' }]);
    expect(table).toBe(['NAME  COUNT', 'a b       7', 'c      1234'].join('\n'));
    expect(formatFields([['status', 'running'], ['failure', null], ['goal', 'x']])).toBe('status  running\ngoal    x');
  });

  it.each<[number, string]>([[0.42, '0.4 ms'], [38, '38 ms'], [1240, '1.24 s'], [185_000, '3 min 05 s']])('says %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('says money and budgets', () => {
    expect([formatCost(0), formatCost(1_234_000), formatCost(2_500_000_000)]).toEqual(['$0.00', '$0.0012', '$2.50']);
    expect(formatBudget({ limitTokens: 20_000, usedTokens: 1234, heldTokens: 0, limitNanoUsd: null, usedNanoUsd: 0, heldNanoUsd: 0 })).toBe('1,234 of 20,000 tokens');
  });

  it('finds the words of a result', () => {
    expect([formatResult('x'), formatResult({ report: 'y' }), formatResult({ report: { text: 'z' } }), formatResult({ a: 1 })]).toEqual(['x', 'y', 'z', '{\n  "a": 1\n}']);
    expect(shorten('one  two\nthree', 9)).toBe('one two …');
  });

  it('says below a report what wrote it and where its facts are from', () => {
    const notice = 'extractive summary; no language model configured';
    expect(formatWholeResult({ report: 'y\n', notice, source: 'sample corpus (offline)' })).toBe(`y\n\nNotice: ${notice}\nSource: sample corpus (offline)`);
    expect([formatWholeResult('x'), formatWholeResult({ report: 'y', notice: null })]).toEqual(['x', 'y']);
    expect(formatWholeResult({ source: 's' })).toBe('{\n  "source": "s"\n}');
  });

  it('cuts a coloured line by what is seen of it', () => {
    expect(clip('\u001b[2mabc\u001b[22mdef', 4)).toBe('\u001b[2mabc\u001b[22md\u001b[0m');
    expect(clip('\u001b[2mabc\u001b[22m', 3)).toBe('\u001b[2mabc\u001b[22m');
  });
});

describe('the printer', () => {
  const printed = (format: 'table' | 'json' | 'ndjson', work: (print: ReturnType<typeof printer>) => void): string => {
    const stream = new PassThrough();
    work(printer(format, stream));
    return String(stream.read() ?? '');
  };
  const columns = [{ title: 'n', value: (row: { n: number }) => row.n }];

  it('writes a list as a table, as one JSON array, or as one document a line', () => {
    expect(printed('table', (print) => print.list([{ n: 1 }], columns))).toBe('N\n1\n');
    expect(JSON.parse(printed('json', (print) => print.list([{ n: 1 }, { n: 2 }], columns)))).toEqual([{ n: 1 }, { n: 2 }]);
    expect(printed('ndjson', (print) => print.list([{ n: 1 }, { n: 2 }], columns))).toBe('{"n":1}\n{"n":2}\n');
  });

  it('says that a list is empty to people only', () => {
    expect(printed('table', (print) => print.list([], columns, 'none'))).toBe('none\n');
    expect(printed('ndjson', (print) => print.list([], columns, 'none'))).toBe('');
    expect(printed('json', (print) => print.text('hello'))).toBe('');
  });
});
