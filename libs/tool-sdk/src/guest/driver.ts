/** What the interpreter calls: globalThis.__start(text), or __again(text) in a memory that is gone on with, __idle(), __end() and __err(error). See interpreter/shim.wat. */

type Tool = (input: never) => unknown;
type Settled = { status: 'pending' } | { status: 'done'; value: unknown } | { status: 'failed'; error: unknown };

let whatIdleMeans: (() => string) | null = null;
let whatIdleDoes: (() => void) | null = null;
let whatResumeDoes: ((input: never) => void) | null = null;

/** Done with the input of a later call that goes on in the memory of this one. */
export const onResume = <Input>(resume: (input: Input) => void): void => void (whatResumeDoes = resume);

/** Done whenever nothing is left to do and `run` has not settled: it may settle promises that a script waits for. */
export const onIdle = (settle: () => void): void => void (whatIdleDoes = settle);

/** What the call gives, as JSON, when nothing is left to do and `run` has not settled: a script that waits for the world. */
export const whenIdle = (text: () => string): void => void (whatIdleMeans = text);

/** Makes `run` the entry of the plugin. */
export function serve(run: Tool): void {
  let settled: Settled = { status: 'pending' };
  // Taken now: a script that the tool evaluates later cannot replace them under the driver.
  const { parse, stringify } = JSON;

  const start = (text: string): void => {
    // The input was validated against the tool's schema before the call.
    const value = run(parse(text) as never);
    if (!isThenable(value)) settled = { status: 'done', value };
    else value.then((result) => (settled = { status: 'done', value: result }), (error: unknown) => (settled = { status: 'failed', error }));
  };

  const end = (): string => {
    if (settled.status === 'pending' && whatIdleMeans) return whatIdleMeans();
    if (settled.status === 'pending') throw new Error('run() returned a promise that never settles: nothing is left that could resolve it.');
    if (settled.status === 'failed') throw settled.error;
    return stringify(settled.value === undefined ? null : settled.value);
  };

  define('__start', start);
  define('__again', (text: string) => {
    if (settled.status !== 'pending' || !whatResumeDoes) throw new Error('There is nothing to go on with.');
    whatResumeDoes(parse(text) as never);
  });
  define('__idle', () => void (settled.status === 'pending' && whatIdleDoes?.()));
  define('__end', end);
  define('__err', (error: unknown) => stringify(describe(error)));
}

function define(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, writable: false, configurable: false, enumerable: false });
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

function describe(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: 'Error', message: typeof error === 'string' ? error : `thrown: ${JSON.stringify(error) ?? String(error)}` };
  const { name, message, stack } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const detail = 'detail' in error ? error.detail : undefined;
  const place = /code\.js:(\d+)(?::(\d+))?/.exec(stack ?? '');
  return { name, message, code, detail, line: place ? Number(place[1]) : undefined, column: place?.[2] ? Number(place[2]) : undefined };
}
