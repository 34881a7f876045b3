/** How many attempts may be at an endpoint at once; the others wait in the order they came. */
export interface Places {
  /** Resolves when there is a place, which is then taken. @throws the signal's reason when it aborts first; no place is taken then */
  enter(signal: AbortSignal): Promise<void>;
  /** Takes a place if there is one now. */
  tryEnter(): boolean;
  leave(): void;
}

export function createPlaces(count: number): Places {
  const waiting = new Set<() => void>();
  let taken = 0;
  return {
    async enter(signal) {
      signal.throwIfAborted();
      if (taken < count) {
        taken += 1;
        return;
      }
      await new Promise<void>((resolve, reject) => {
        const go = (): void => {
          signal.removeEventListener('abort', giveUp);
          resolve();
        };
        const giveUp = (): void => {
          waiting.delete(go);
          reject(signal.reason);
        };
        waiting.add(go);
        signal.addEventListener('abort', giveUp, { once: true });
      });
    },
    tryEnter() {
      if (taken >= count) return false;
      taken += 1;
      return true;
    },
    leave() {
      const [next] = waiting;
      if (next === undefined) {
        taken -= 1;
        return;
      }
      // The place passes on: nobody who comes meanwhile gets it.
      waiting.delete(next);
      next();
    },
  };
}
