import type { TraceSpan } from '@trivet/contracts';
import { duration } from '../../formatting/times.js';
import { groupBy } from './group-by.js';

export interface TraceRow {
  span: TraceSpan;
  depth: number;
}

/** Spans as one tree, in the order they began; a span whose parent is not there stands at the top. */
export function traceTree(spans: readonly TraceSpan[]): TraceRow[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const below = groupBy(spans, ({ parentSpanId }) => (parentSpanId !== null && known.has(parentSpanId) ? parentSpanId : ''));
  const rows: TraceRow[] = [];
  const add = (parent: string, depth: number): void => {
    for (const span of (below.get(parent) ?? []).toSorted((left, right) => left.startedAt - right.startedAt)) {
      rows.push({ span, depth });
      add(span.spanId, depth + 1);
    }
  };
  add('', 0);
  return rows;
}

/** Of a span that carries out a call somebody had begun before: a sentence about that earlier one, whose worker may not have lived to report it. */
export function againAfter(span: TraceSpan, spans: readonly TraceSpan[]): string | undefined {
  const [link] = span.links ?? [];
  if (!link) return undefined;
  const earlier = spans.find(({ spanId }) => spanId === link.spanId);
  return earlier ? `again after span ${link.spanId}, which began ${duration(span.startedAt - earlier.startedAt)} before` : `again after span ${link.spanId}, which did not come to its end`;
}
