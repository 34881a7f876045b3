import type { TraceSpan } from '@trivet/contracts';

export const LEVELS = ['debug', 'info', 'warn', 'error'];

/** Something a service wrote about a workflow; `at` in ms since 1970. */
export interface Line {
  key: string;
  at: number;
  level: string;
  service: string;
  message: string;
}

/** The lines logged within a span, and one for its failure. */
export function linesOf({ spanId, name, service, startedAt, durationMs, status, attributes, events = [] }: TraceSpan): Line[] {
  const logged = events.filter((event) => event.name === 'log').map((event, index): Line => ({ key: `${spanId}/${index}`, at: event.at, level: levelOf(event.attributes['level']), service, message: String(event.attributes['message'] ?? '') }));
  if (status !== 'error') return logged;
  const why = attributes['error.message'] ?? attributes['error.type'];
  return [...logged, { key: spanId, at: startedAt + durationMs, level: 'error', service, message: `${name} failed${why === undefined ? '' : `: ${String(why)}`}` }];
}

/** Levels that are not shown apart count as the one they are next to. */
function levelOf(level: unknown): string {
  if (level === 'trace') return 'debug';
  if (level === 'fatal') return 'error';
  return LEVELS.find((each) => each === level) ?? 'info';
}
