/** What a process asks of time. While a simulation runs, these take the place of the global ones. */
export interface TimeSource {
  /** Virtual ms since 1970, as the process at work sees them. */
  nowMs: () => number;
  steadyMs: () => number;
  random: () => number;
  /** @returns how to cancel it; null when no simulated process is at work, so that the call is for real */
  start: (task: () => void, delayMs: number, repeats: boolean) => (() => void) | null;
}

const real = {
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
  clearTimeout: globalThis.clearTimeout,
  clearInterval: globalThis.clearInterval,
  now: Date.now,
  steady: performance.now,
  random: Math.random,
};
const realImmediate = globalThis.setImmediate;

/** Resolves when every promise that could go on has done so. */
export const settled = (): Promise<void> => new Promise((resolve) => realImmediate(resolve));

/** A timer as the virtual clock keeps it. */
class VirtualTimer {
  readonly cancel: () => void;
  constructor(cancel: () => void) {
    this.cancel = cancel;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
}

/** The product's own timers and clocks run on virtual time until the returned function is called. */
export function takeOverTime(source: TimeSource): () => void {
  const start = (fallBack: typeof real.setTimeout | typeof real.setInterval, repeats: boolean) => (task: () => void, delayMs = 0, ...rest: unknown[]): unknown => {
    const cancel = source.start(task, delayMs, repeats);
    return cancel ? new VirtualTimer(cancel) : Reflect.apply(fallBack, globalThis, [task, delayMs, ...rest]);
  };
  const stop = (fallBack: typeof real.clearTimeout) => (timer: unknown): void => {
    if (timer instanceof VirtualTimer) timer.cancel();
    else Reflect.apply(fallBack, globalThis, [timer]);
  };
  Object.assign(globalThis, { setTimeout: start(real.setTimeout, false), setInterval: start(real.setInterval, true), clearTimeout: stop(real.clearTimeout), clearInterval: stop(real.clearInterval) });
  Object.assign(Date, { now: source.nowMs });
  Object.assign(performance, { now: source.steadyMs });
  Object.assign(Math, { random: source.random });
  return () => {
    const { setTimeout, setInterval, clearTimeout, clearInterval } = real;
    Object.assign(globalThis, { setTimeout, setInterval, clearTimeout, clearInterval });
    Object.assign(Date, { now: real.now });
    Object.assign(performance, { now: real.steady });
    Object.assign(Math, { random: real.random });
  };
}
