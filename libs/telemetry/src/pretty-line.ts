import { Json } from '@trivet/contracts';

const ORDINARY = new Set(['level', 'time', 'service', 'workerId', 'msg', 'spanId', 'err']);

/** A log line for people: time, level, service, message, then the other fields; the stack of an error below. */
export function formatPretty(line: string): string {
  const entry = parseLine(line);
  if (!entry) return line;
  const { level, time, service, msg, err } = entry;
  const rest = Object.entries(entry).filter(([name]) => !ORDINARY.has(name)).map(([name, value]) => `${name}=${textOf(value)}`);
  const stack = typeof err === 'object' && err !== null && !Array.isArray(err) ? `\n  ${textOf(err.stack ?? err.message ?? err).replaceAll('\n', '\n  ')}` : '';
  const head = `${textOf(time).slice(11, 23)} ${textOf(level).toUpperCase().padEnd(5)} ${textOf(service).padEnd(12)} ${textOf(msg)}`;
  return `${[head, ...rest].join(' ').trimEnd()}${stack}\n`;
}

function parseLine(line: string) {
  try {
    const value = Json.parse(JSON.parse(line));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value));
