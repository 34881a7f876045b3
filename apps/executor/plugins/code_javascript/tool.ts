import { evaluate, limitFuel, onIdle, onResume, tool as callTool, whenIdle } from '@trivet/tool-sdk/guest';
import { NOT_DURABLE, createAwaits, type Durable } from './awaits.js';
import { Folder, type FileContent } from './folder.js';

interface Input {
  code: string;
  input?: unknown;
  timeoutMs?: number;
  files?: Record<string, FileContent>;
  durable?: Durable;
}

interface Answer {
  value: unknown;
  output: string;
  /** Those that the script wrote. */
  files?: Record<string, FileContent>;
  awaits?: unknown[];
}

const MAX_OUTPUT_LENGTH = 65_536;
/** Units of fuel a millisecond of running is worth; see FUEL_PER_MS in the tool SDK. */
const FUEL_PER_MS = 25;

/** Runs a script and gives the value of its last expression, and what it wrote with console.log. */
export async function run({ code, input, timeoutMs, files, durable }: Input): Promise<Answer> {
  const output = new Output();
  define('console', { log: output.line, info: output.line, warn: output.line, error: output.line, debug: output.line });
  define('input', input ?? null);
  const folder = new Folder(files ?? {});
  define('files', folder.files);
  const awaits = durable && createAwaits(durable);
  if (awaits) {
    for (const [name, called] of Object.entries(awaits.functions)) define(name, called);
    // When garbage is collected is the one thing that need not be the same each time.
    for (const name of ['WeakRef', 'FinalizationRegistry']) Reflect.deleteProperty(globalThis, name);
    onIdle(awaits.settle);
    onResume((later: Input) => {
      if (hasOwn(later, 'timeoutMs') && later.timeoutMs !== undefined) limitFuel(later.timeoutMs * FUEL_PER_MS);
      if (later.durable) awaits.take(later.durable.results);
    });
    whenIdle(() => {
      const open = awaits.openText();
      if (open === '') throw new Error('The script waits for a promise that never settles.');
      return `{"value":null,"output":${stringify(output.text)},"awaits":[${open}],"waiting":true}`;
    });
  } else for (const [name, refuse] of Object.entries(NOT_DURABLE)) define(name, refuse);
  if (!awaits) define('tool', async (name: string, argument: unknown) => callTool(name, argument));
  if (timeoutMs !== undefined) limitFuel(timeoutMs * FUEL_PER_MS);
  const { value } = await evaluate(code);
  const settled = plain(await value);
  // What it called and did not wait for is done all the same.
  const written = folder.result();
  const open = awaits?.openText() ?? '';
  return { value: settled, output: output.text, ...(written ? { files: written } : {}), ...(open === '' ? {} : { awaits: parse(`[${open}]`) }) };
}

class Output {
  text = '';
  readonly line = (...values: unknown[]): void => {
    if (this.text.length >= MAX_OUTPUT_LENGTH) return;
    this.text += `${values.map((value) => (typeof value === 'string' ? value : show(value))).join(' ')}\n`;
    if (this.text.length >= MAX_OUTPUT_LENGTH) this.text = `${this.text.slice(0, MAX_OUTPUT_LENGTH)}\n(cut at ${MAX_OUTPUT_LENGTH} characters)\n`;
  };
}

function show(value: unknown): string {
  if (value instanceof Error) return String(value);
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint' || value === undefined) return String(value);
  return stringify(value) ?? String(value);
}

const { stringify, parse } = JSON;
const { hasOwn } = Object;

/** A value as JSON can hold it: big integers as their digits, maps and sets as their contents, functions as null. */
function plain(value: unknown): unknown {
  const text = stringify(value, (_key, part: unknown) => {
    if (typeof part === 'bigint') return part.toString();
    if (part instanceof Map) return [...part];
    if (part instanceof Set) return [...part];
    return part;
  });
  return text === undefined ? null : parse(text);
}

function define(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
}
