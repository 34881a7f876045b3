/** Ctrl-C stops watching; the workflow goes on. */
export function detachOnInterrupt(): { signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const onInterrupt = (): void => controller.abort();
  process.once('SIGINT', onInterrupt);
  return { signal: controller.signal, stop: () => void process.removeListener('SIGINT', onInterrupt) };
}

/**
 * Ctrl-C or SIGTERM: ends in order, once; a second Ctrl-C ends at once (the guards then end what runs).
 * `requested` resolves at the first signal.
 */
export function stopOnSignals(): { requested: Promise<NodeJS.Signals>; isRequested(): boolean; release(): void } {
  let requested = false;
  let resolveRequested: (signal: NodeJS.Signals) => void = () => undefined;
  const promise = new Promise<NodeJS.Signals>((resolve) => (resolveRequested = resolve));
  const onSignal = (signal: NodeJS.Signals): void => {
    if (requested) process.exit(130);
    requested = true;
    resolveRequested(signal);
  };
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, onSignal);
  return {
    requested: promise,
    isRequested: () => requested,
    release: () => {
      for (const signal of signals) process.removeListener(signal, onSignal);
    },
  };
}
