/** The requests of one consumer that the broker has not ended yet. */
export interface OpenPulls {
  /** How many messages were asked for and have not come. */
  outstanding: () => number;
  /** Notes a request for so many messages, and gives it its id. */
  add: (batch: number) => string;
  /** A message came for one of them: which one does not matter, the oldest is counted down. */
  countDown: () => void;
  /** Whether there was such a request. */
  end: (id: string) => boolean;
  clear: () => void;
}

interface OpenPull {
  outstanding: number;
  timer: NodeJS.Timeout;
}

/** `onExpired` hears of a request that the broker should have ended by itself: it was lost with its connection. */
export function createOpenPulls(expiresMs: number, onExpired: (id: string) => void): OpenPulls {
  const open = new Map<string, OpenPull>();
  let counter = 0;

  function end(id: string): boolean {
    clearTimeout(open.get(id)?.timer);
    return open.delete(id);
  }

  return {
    outstanding: () => {
      let total = 0;
      for (const pull of open.values()) total += pull.outstanding;
      return total;
    },
    add: (batch) => {
      const id = (counter++).toString(36);
      open.set(id, { outstanding: batch, timer: setTimeout(() => onExpired(id), expiresMs) });
      return id;
    },
    countDown: () => {
      const [oldest] = open;
      if (!oldest) return;
      const [id, pull] = oldest;
      pull.outstanding -= 1;
      if (pull.outstanding <= 0) end(id);
    },
    end,
    clear: () => {
      for (const pull of open.values()) clearTimeout(pull.timer);
      open.clear();
    },
  };
}
