import type { TraceSpan } from '@trivet/contracts';
import type { Colors } from './colors.js';
import { formatDuration, shorten } from './text.js';

interface Row {
  span: TraceSpan;
  depth: number;
}

/** Spans as a waterfall: who called whom by indent, when and how long by a bar on one time axis. */
export function formatWaterfall(spans: readonly TraceSpan[], options: { colors: Colors; width: number }): string[] {
  if (spans.length === 0) return ['no spans'];
  const rows = inOrder(spans);
  const startMs = Math.min(...spans.map((span) => span.startedAt));
  const endMs = Math.max(...spans.map((span) => span.startedAt + span.durationMs));
  const nameWidth = Math.min(44, Math.max(...rows.map(({ span, depth }) => 2 * depth + label(span).length)));
  const serviceWidth = Math.max(...spans.map((span) => span.service.length));
  const barWidth = Math.max(10, options.width - nameWidth - serviceWidth - 16);
  const services = [...new Set(spans.map((span) => span.service))].sort().join(', ');
  const head = `${formatDuration(endMs - startMs)} from the first span to the last, ${spans.length} spans in ${services}`;
  return [head, ...rows.map(({ span, depth }) => formatRow(span, `${'  '.repeat(depth)}${shorten(label(span), nameWidth - 2 * depth)}`.padEnd(nameWidth), { serviceWidth, barWidth, startMs, totalMs: endMs - startMs, colors: options.colors }))];
}

function formatRow(span: TraceSpan, name: string, axis: { serviceWidth: number; barWidth: number; startMs: number; totalMs: number; colors: Colors }): string {
  const scale = axis.totalMs > 0 ? axis.barWidth / axis.totalMs : 0;
  const from = Math.min(axis.barWidth - 1, Math.floor((span.startedAt - axis.startMs) * scale));
  const length = Math.max(1, Math.min(axis.barWidth - from, Math.round(span.durationMs * scale)));
  const bar = `${' '.repeat(from)}${(span.status === 'error' ? axis.colors.red : axis.colors.cyan)('━'.repeat(length))}${' '.repeat(axis.barWidth - from - length)}`;
  return `${name}  ${axis.colors.dim(span.service.padEnd(axis.serviceWidth))}  ${bar} ${formatDuration(span.durationMs).padStart(9)}`;
}

function label(span: TraceSpan): string {
  const attributes = span.attributes;
  const subject = ['trivet.step.id', 'trivet.tool', 'gen_ai.tool.name', 'gen_ai.request.model'].map((name) => attributes[name]).find((value) => value !== undefined);
  return `${span.name}${subject === undefined ? '' : ` ${subject}`}`;
}

/** Parents before children, siblings by time; a span whose parent is not known stands at the top. */
function inOrder(spans: readonly TraceSpan[]): Row[] {
  const known = new Set(spans.map((span) => span.spanId));
  const children = new Map<string | null, TraceSpan[]>();
  for (const span of [...spans].sort((left, right) => left.startedAt - right.startedAt)) {
    const parent = span.parentSpanId !== null && known.has(span.parentSpanId) ? span.parentSpanId : null;
    children.set(parent, [...(children.get(parent) ?? []), span]);
  }
  const rows: Row[] = [];
  const visit = (parent: string | null, depth: number): void => {
    for (const span of children.get(parent) ?? []) {
      rows.push({ span, depth });
      visit(span.spanId, depth + 1);
    }
  };
  visit(null, 0);
  return rows;
}
