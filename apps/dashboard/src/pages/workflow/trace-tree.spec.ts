import type { TraceSpan } from '@trivet/contracts';
import { traceTree } from './trace-tree.js';

const span = (spanId: string, parentSpanId: string | null, startedAt: number): TraceSpan => ({ traceId: 't', spanId, parentSpanId, name: spanId, service: 'orchestrator', startedAt, durationMs: 1, status: 'ok', attributes: {} });

it('makes one tree of spans, whatever their order, and loses none', () => {
  const rows = traceTree([span('late', 'root', 5), span('orphan', 'elsewhere', 2), span('root', null, 1), span('early', 'root', 3), span('deep', 'late', 6)]);
  expect(rows.map(({ span: { spanId }, depth }) => `${depth} ${spanId}`)).toEqual(['0 root', '1 early', '1 late', '2 deep', '0 orphan']);
});
