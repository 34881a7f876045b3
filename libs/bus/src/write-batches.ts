import type { NatsConnection } from '@nats-io/transport-node';

type Publish = NatsConnection['publish'];

/** More writes than this in a window, and the next wait for each other. */
const BUSY_WRITES = 12;
const WINDOW_MS = 10;
const WAIT_MS = 1;

/**
 * Makes a connection write once a turn of the event loop instead of once a publish: a system call that wakes another
 * process costs more than all the rest of a small message. A busy connection waits a millisecond for more; one that is
 * not, loses no time. What is published keeps its order.
 * @returns sends at once what waits
 */
export function writeInBatches(nats: NatsConnection): { flush: () => void } {
  const send: Publish = nats.publish.bind(nats);
  let waiting: Parameters<Publish>[] = [];
  let windowEnd = 0;
  let writes = 0;

  function isBusy(): boolean {
    const now = performance.now();
    if (now > windowEnd) {
      const wasBusy = now < windowEnd + WINDOW_MS && writes > BUSY_WRITES / 2;
      windowEnd = now + WINDOW_MS;
      writes = wasBusy ? BUSY_WRITES : 0;
    }
    writes += 1;
    return writes > BUSY_WRITES;
  }

  function flush(): void {
    const batch = waiting;
    waiting = [];
    for (const message of batch) {
      // The connection was closed meanwhile: whoever waits for an acknowledgement gets none in time.
      if (!nats.isClosed()) send(...message);
    }
  }

  nats.publish = (...message) => {
    if (nats.isClosed()) throw new Error('the connection is closed');
    if (waiting.push(message) !== 1) return;
    if (isBusy()) setTimeout(flush, WAIT_MS);
    else setImmediate(flush);
  };
  return { flush };
}
