import type { TraceSpan } from '@trivet/contracts';
import { againAfter, traceTree } from './trace-tree.js';

const span = (spanId: string, parentSpanId: string | null, startedAt: number): TraceSpan => ({ traceId: 't', spanId, parentSpanId, name: spanId, service: 'orchestrator', startedAt, durationMs: 1, status: 'ok', attributes: {} });

it('makes one tree of spans, whatever their order, and loses none', () => {
  const rows = traceTree([span('late', 'root', 5), span('orphan', 'elsewhere', 2), span('root', null, 1), span('early', 'root', 3), span('deep', 'late', 6)]);
  expect(rows.map(({ span: { spanId }, depth }) => `${depth} ${spanId}`)).toEqual(['0 root', '1 early', '1 late', '2 deep', '0 orphan']);
});

describe('againAfter', () => {
  const call = (spanId: string, startedAt: number, linked?: string) => ({ ...span(spanId, null, startedAt), ...(linked ? { links: [{ traceId: 't', spanId: linked }] } : {}) });

  it('says nothing of a call that is begun for the first time', () => {
    expect(againAfter(call('a', 0), [])).toBeUndefined();
  });

  it('names the earlier span, and whether it ended', () => {
    const later = call('b', 5_000, 'a');
    expect(againAfter(later, [call('a', 0), later])).toBe('again after span a, which began 5.0 s before');
    expect(againAfter(later, [later])).toBe('again after span a, which did not come to its end');
  });
});
