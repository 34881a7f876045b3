import type { ServiceLine } from './supervise.js';

/** A log line as a person reads it. */
export interface LogLine {
  level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
  text: string;
}

const LEVELS: Readonly<Record<number, LogLine['level']>> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };

/** Fields that every line has, or that the prefix already says. */
const HIDDEN = new Set(['level', 'time', 'pid', 'hostname', 'service', 'name', 'msg', 'v', 'err', 'trace_id', 'span_id', 'trace_flags']);

/** Node's own remarks about deprecated things are no errors of the service. */
const NODE_WARNING = /^\(node:\d+\) |^\(Use `node --trace-/;

/** Makes one readable line of a JSON log line; anything else stays as it is, an error when it came over stderr. */
export function readLogLine(line: ServiceLine): LogLine {
  const record = parseRecord(line.text);
  if (!record) return { level: line.fromStderr ? (NODE_WARNING.test(line.text) ? 'warn' : 'error') : 'info', text: line.text };
  const fields = Object.entries(record).filter(([name]) => !HIDDEN.has(name)).map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const error = describeError(record['err']);
  const text = [String(record['msg'] ?? ''), error, ...fields].filter((part) => part !== '').join('  ');
  return { level: LEVELS[Number(record['level'])] ?? 'info', text };
}

function parseRecord(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function describeError(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  return 'message' in error ? String(error.message) : '';
}
