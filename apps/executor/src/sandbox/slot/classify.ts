import { Condemned, mib, type CallState } from './call-state.js';
import { MAX_DETAIL_LENGTH, MAX_MESSAGE_LENGTH, type SlotFailure } from './messages.js';

/** What the plugin's instance says about itself at the end of a call. */
export interface InstanceFigures {
  memoryBytes: number;
  fuelAtStart: bigint | null;
  fuelLeft: bigint | null;
}

/** A trap with more than three quarters of its memory taken is taken for a failed allocation: that is how most languages end one. */
const NEARLY_FULL = 0.75;

/** Turns whatever ended a call into one code of the failure table, with the limit and the value reached. Its texts are cut to what a header holds. */
export function classify(error: unknown, state: CallState, figures: InstanceFigures): SlotFailure {
  const failure = causeOf(error, state, figures);
  const detail = Object.entries(failure.detail).map(([name, value]) => [name, typeof value === 'string' ? value.slice(0, MAX_DETAIL_LENGTH) : value]);
  return { ...failure, message: failure.message.slice(0, MAX_MESSAGE_LENGTH), detail: Object.fromEntries(detail), ...(failure.hostCode ? { hostCode: failure.hostCode.slice(0, MAX_DETAIL_LENGTH) } : {}) };
}

function causeOf(error: unknown, state: CallState, figures: InstanceFigures): SlotFailure {
  const { tool, memoryBytes } = state.call;
  if (state.verdict) return state.verdict;
  if (error instanceof Condemned) return error.failure;
  if (figures.fuelLeft !== null && figures.fuelLeft < 0n) {
    const limit = Number(figures.fuelAtStart ?? 0n);
    return { code: 'tool_fuel_exhausted', message: `Tool ${tool} used up its instruction budget of ${limit} units of about 10,000 steps.`, detail: { limit, value: limit + 1 } };
  }
  const text = messageOf(error);
  if (/var memory limit exceeded/.test(text)) return { code: 'tool_memory_exceeded', message: `Tool ${tool}: ${text.replace(PLUGIN_ERROR, '')}.`, detail: {} };
  const own = ownFailure(text, tool, memoryBytes, figures);
  if (own) return own;
  if (isOutOfMemory(error, text, figures, memoryBytes)) return memoryFailure(tool, memoryBytes, figures, text);
  if (error instanceof WebAssembly.CompileError || error instanceof WebAssembly.LinkError || /cannot resolve import|does not exist/.test(text)) {
    return { code: 'tool_refused', message: `Tool ${tool} cannot be started: ${text}`, detail: { rule: 'instantiation' } };
  }
  const reason = /call stack/.test(text) ? 'stack overflow' : text;
  return { code: 'tool_trapped', message: `Tool ${tool} trapped: ${reason}.`, detail: { reason } };
}

const PLUGIN_ERROR = 'Plugin-originated error: ';

/** The tool's own error: text, or the JSON that the guest library writes. */
function ownFailure(text: string, tool: string, memoryBytes: number, figures: InstanceFigures): SlotFailure | null {
  if (!text.startsWith(PLUGIN_ERROR)) return null;
  const said = text.slice(PLUGIN_ERROR.length);
  const error = parseObject(said);
  const message = textOf(error, 'message') ?? said;
  const name = textOf(error, 'name') ?? 'Error';
  // With no memory left for an error object, the interpreter throws null.
  const isFull = figures.memoryBytes >= memoryBytes * NEARLY_FULL;
  if (message === 'out of memory' || (isFull && message === 'thrown: null')) return memoryFailure(tool, memoryBytes, figures, message);
  const line = typeof error?.['line'] === 'number' ? error['line'] : null;
  const hostCode = name === 'HostError' ? textOf(error, 'code') : undefined;
  return { code: 'tool_failed', message: sentence(name, message, line), detail: { name, ...(line === null ? {} : { line }) }, ...(hostCode ? { hostCode } : {}) };
}

function sentence(name: string, message: string, line: number | null): string {
  const prefix = name === 'Error' || name === 'HostError' ? '' : `${name}: `;
  const place = line === null ? '' : ` (line ${line})`;
  return `${prefix}${message}${place}`;
}

function textOf(error: Record<string, unknown> | null, field: string): string | undefined {
  const value = error?.[field];
  return typeof value === 'string' ? value : undefined;
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : null;
  } catch {
    return null;
  }
}

function isOutOfMemory(error: unknown, text: string, figures: InstanceFigures, memoryBytes: number): boolean {
  if (error instanceof RangeError && /allocation failed|Invalid (typed )?array (buffer )?length|could not allocate|Out of memory/i.test(text)) return true;
  return error instanceof WebAssembly.RuntimeError && !/call stack/.test(text) && figures.memoryBytes >= memoryBytes * NEARLY_FULL;
}

function memoryFailure(tool: string, memoryBytes: number, figures: InstanceFigures, reason: string): SlotFailure {
  const value = mib(figures.memoryBytes);
  return {
    code: 'tool_memory_exceeded',
    message: `Tool ${tool} ran out of memory: it held ${value} MiB and asked for more; its limit is ${mib(memoryBytes)} MiB.`,
    detail: { valueMib: value, limitMib: mib(memoryBytes), reason },
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
