/** Ctrl-C stops watching; the workflow goes on. */
export function detachOnInterrupt(): { signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const onInterrupt = (): void => controller.abort();
  process.once('SIGINT', onInterrupt);
  return { signal: controller.signal, stop: () => void process.removeListener('SIGINT', onInterrupt) };
}

/**
 * Ctrl-C, SIGTERM or SIGHUP: `signal` is aborted, once; a second Ctrl-C that is no echo of the first ends at once (the
 * guards then end what runs). npm passes a Ctrl-C on that the terminal has sent already, so one may arrive twice.
 */
export function stopOnSignals(): { signal: AbortSignal; requested: Promise<void>; release(): void } {
  const controller = new AbortController();
  const requested = new Promise<void>((resolve) => controller.signal.addEventListener('abort', () => resolve(), { once: true }));
  let firstAtMs: number | undefined;
  const onSignal = (): void => {
    if (firstAtMs !== undefined && performance.now() - firstAtMs > ECHO_MS) process.exit(130);
    firstAtMs ??= performance.now();
    controller.abort();
  };
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    requested,
    release: () => {
      for (const signal of signals) process.removeListener(signal, onSignal);
    },
  };
}

const ECHO_MS = 300;
