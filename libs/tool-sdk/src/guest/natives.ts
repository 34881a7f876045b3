/** The interpreter's own functions, taken off globalThis before any other code of the bundle runs. */
type Native = (text: string) => string;

const globals: Record<string, unknown> = Object.fromEntries(Object.entries(Object.getOwnPropertyDescriptors(globalThis)).map(([name, { value }]) => [name, value]));

function native(name: string): Native {
  const value = globals[name];
  Reflect.deleteProperty(globalThis, name);
  if (typeof value !== 'function') return () => JSON.stringify({ error: { code: 'tool_host_denied', message: 'This runs only inside the sandbox.' } });
  return (text) => value(text);
}

export const natives = {
  http: native('h'),
  model: native('m'),
  log: native('l'),
  progress: native('p'),
  files: native('f'),
  tool: native('t'),
  kv: native('k'),
  memory: native('r'),
};

/** Evaluates a script with top-level await; the promise resolves to { value }. Typed loosely: it crosses realms of code. */
export const evaluate: (source: string) => PromiseLike<{ value: unknown }> = (() => {
  const value = globals['e'];
  Reflect.deleteProperty(globalThis, 'e');
  if (typeof value === 'function') return (source) => value(source);
  return () => {
    throw new Error('This runs only inside the sandbox.');
  };
})();

/** Lowers what is left of the fuel to at most this many units (about ten thousand interpreter steps each). */
export const limitFuel: (units: number) => void = (() => {
  const value = globals['u'];
  Reflect.deleteProperty(globalThis, 'u');
  return typeof value === 'function' ? (units) => void value(units) : () => undefined;
})();
