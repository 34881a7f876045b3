import { trace, type Span } from '@opentelemetry/api';

/** A span keeps its first lines: a loop that logs must not make a span that outgrows a message of the bus. */
const MOST_LINES = 32;
const MOST_CHARACTERS = 1_000;

const kept = new WeakMap<Span, number>();

/**
 * Keeps a line of the log on the span it was written in, as an event `log` with its level and message, so that the trace
 * of a workflow shows what its code said. Outside of a span, or on one that is not recorded, it does nothing.
 *
 * @param redact takes secrets out of the message, as out of the line itself
 */
export function keepOnSpan(level: string, message: string, redact: (text: string) => string): void {
  const span = trace.getActiveSpan();
  if (!span?.isRecording()) return;
  const lines = kept.get(span) ?? 0;
  if (lines >= MOST_LINES) return;
  kept.set(span, lines + 1);
  span.addEvent('log', { level, message: redact(message).slice(0, MOST_CHARACTERS) });
}

/** What a call of the logger says: its text, and the error it carries. Places for values (%s) stay as they are. */
export function messageOf(args: readonly unknown[]): string {
  const [first, second] = args;
  if (typeof first === 'string') return first;
  const error = errorIn(first);
  const text = typeof second === 'string' ? second : '';
  if (!error) return text;
  return text ? `${text}: ${error.message}` : error.message;
}

function errorIn(fields: unknown): Error | undefined {
  if (fields instanceof Error) return fields;
  return typeof fields === 'object' && fields !== null && 'err' in fields && fields.err instanceof Error ? fields.err : undefined;
}
