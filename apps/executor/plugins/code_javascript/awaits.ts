import { HostError } from '@trivet/tool-sdk/guest';

/** How a script waits for the world: what it asked for before has its result, what it asks for now ends this run of it. */
export interface Durable {
  tools: string[];
  /** Of its awaits in the order in which they were made. */
  results: ({ of: string } & ({ value: unknown } | { error: { code: string; message: string } }))[];
}

export interface Awaits {
  /** What the script may call, by name. */
  functions: Record<string, (...values: never[]) => Promise<unknown>>;
  /** Gives what it waits for now its results, when they are there. */
  settle: () => void;
  /** More results have come than there were at first. */
  take: (results: Durable['results']) => void;
  /** What it asked for that has no result yet, as JSON; empty when there is nothing. */
  openText: () => string;
}

interface Await {
  /** What it asked for, as JSON. */
  text: string;
  /** What it is, as its result names it. */
  asked: string;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

const { stringify } = JSON;
const { hasOwn } = Object;

/**
 * Results come to the script as they came the first time: only when it can do nothing else, and in the order in which it asked. If one came at once,
 * what it goes on with would be asked for before what another part of the script asks for later, and get its result.
 *
 * Between the script's own steps none of its code runs, whatever it has put on prototypes: a run from a snapshot and one from the beginning pass
 * here a different number of times. So requests become text when they are made, and lists have no prototype.
 */
export function createAwaits({ tools, results: first }: Durable): Awaits {
  let results = first;
  const made: Await[] = [];
  Object.setPrototypeOf(made, null);
  let settled = 0;
  const next = (request: { kind: string; tool?: string; input: unknown }): Promise<unknown> => {
    const asked = request.tool === undefined ? request.kind : `${request.kind} ${request.tool}`;
    const text = stringify(request);
    return new Promise((resolve, reject) => void (made[made.length] = { text, asked, resolve, reject }));
  };
  const settle = (): void => {
    for (const upTo = made.length; settled < upTo && settled < results.length; ) {
      const each = made[settled];
      const result = results[settled];
      if (!each || !result) return;
      settled += 1;
      if (result.of !== each.asked) throw new Error(`Await ${settled} of this script is a ${each.asked}, and was a ${result.of} before: a script must do the same each time it is run.`);
      if (hasOwn(result, 'error') && 'error' in result) each.reject(new HostError(result.error.code, result.error.message));
      else if ('value' in result) each.resolve(result.value);
    }
  };
  const openText = (): string => {
    let text = '';
    for (let index = results.length; index < made.length; index += 1) text += `${text === '' ? '' : ','}${made[index]?.text}`;
    return text;
  };
  const tool = (name: string, input: unknown): Promise<unknown> => {
    if (!tools.includes(name)) return Promise.reject(new HostError('tool_host_denied', `This script may not call the tool ${name}; its tools are ${tools.join(', ') || 'none'}.`));
    return next({ kind: 'tool', tool: name, input: input ?? {} });
  };
  const ask = (request: unknown): Promise<unknown> => next({ kind: 'model', input: typeof request === 'string' ? { messages: [{ role: 'user', content: request }] } : request });
  const approve = async (question: string, details?: unknown): Promise<unknown> => {
    mustBeText('approve', 'question', question);
    return next({ kind: 'approval', input: { question, ...(details === undefined ? {} : { details }) } });
  };
  const sleep = async (time: number | string): Promise<void> => void (await next({ kind: 'wait', input: { ms: toMs(time) } }));
  const waitFor = async (signal: string, timeoutMs?: number): Promise<unknown> => {
    mustBeText('waitFor', 'name of the signal', signal);
    return (await next({ kind: 'wait', input: { signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) } }) as { payload?: unknown }).payload ?? null;
  };
  return { functions: { tool, ask, approve, sleep, waitFor }, settle, take: (more) => void (results = more), openText };
}

const UNITS_MS: Record<string, number> = { ms: 1, s: 1_000, second: 1_000, min: 60_000, minute: 60_000, h: 3_600_000, hour: 3_600_000, d: 86_400_000, day: 86_400_000, week: 604_800_000 };

/** `1500`, `'90 s'`, `'2 days'`. */
function toMs(time: number | string): number {
  if (typeof time === 'number' && time >= 0 && Number.isFinite(time)) return Math.round(time);
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/.exec(String(time));
  const unit = match && (UNITS_MS[match[2] ?? ''] ?? UNITS_MS[(match[2] ?? '').replace(/s$/, '')]);
  if (!match || !unit) throw new RangeError(`sleep(${JSON.stringify(time)}): a time is a number of ms or a text such as '90 s' or '2 days'`);
  return Math.round(Number(match[1]) * unit);
}

function mustBeText(called: string, what: string, value: unknown): void {
  if (typeof value === 'string' && value !== '') return;
  throw new TypeError(`${called}: the ${what} must be a text; it is ${value === '' ? 'empty' : typeof value}`);
}

/** What a script finds in place of these where it cannot wait. */
export const NOT_DURABLE = Object.fromEntries(['ask', 'approve', 'sleep', 'waitFor'].map((name) => [name, () => {
  throw new Error(`${name}() waits for the world, which only a code step with tools in its input does; the list may be empty: tools: []`);
}]));
