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
  /** What it waits for now. */
  open: unknown[];
}

export function createAwaits({ tools, results }: Durable): Awaits {
  const open: unknown[] = [];
  let count = 0;
  const next = (request: { kind: string; tool?: string; input: unknown }): Promise<unknown> => {
    const result = results[count];
    count += 1;
    const asked = request.tool === undefined ? request.kind : `${request.kind} ${request.tool}`;
    if (result !== undefined && result.of !== asked) throw new Error(`Await ${count} of this script is a ${asked}, and was a ${result.of} before: a script must do the same each time it is run.`);
    if (result === undefined) {
      open.push(request);
      return new Promise(() => undefined);
    }
    return 'error' in result ? Promise.reject(new HostError(result.error.code, result.error.message)) : Promise.resolve(result.value);
  };
  const tool = (name: string, input: unknown): Promise<unknown> => {
    if (!tools.includes(name)) return Promise.reject(new HostError('tool_host_denied', `This script may not call the tool ${name}; its tools are ${tools.join(', ') || 'none'}.`));
    return next({ kind: 'tool', tool: name, input: input ?? {} });
  };
  const ask = (request: unknown): Promise<unknown> => next({ kind: 'model', input: typeof request === 'string' ? { messages: [{ role: 'user', content: request }] } : request });
  const approve = (question: string, details?: unknown): Promise<unknown> => next({ kind: 'approval', input: { question: String(question), ...(details === undefined ? {} : { details }) } });
  const sleep = async (time: number | string): Promise<void> => void (await next({ kind: 'wait', input: { ms: toMs(time) } }));
  const waitFor = async (signal: string, timeoutMs?: number): Promise<unknown> => (await next({ kind: 'wait', input: { signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) } }) as { payload?: unknown }).payload ?? null;
  return { functions: { tool, ask, approve, sleep, waitFor }, open };
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
