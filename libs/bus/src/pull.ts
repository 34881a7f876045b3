import { nuid, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';

export interface PullOptions {
  stream: string;
  durable: string;
  /** How many messages may be with us at once; a message is asked for only when there is room to work on it. */
  capacity: () => number;
  onMessage: (message: Msg) => void;
  /** Called when the consumer or its stream is missing. */
  onMissing: () => void;
}

export interface Pull {
  /** Says that room was made: a message is done. */
  release: () => void;
  /** Asks for no more and gives back what was asked for. */
  stop: () => void;
  inFlight: () => number;
}

const EXPIRES_MS = 10_000;

interface Request {
  outstanding: number;
  timer: NodeJS.Timeout;
}

/**
 * Pulls from a durable consumer exactly as many messages as there is room for, so that none waits in a busy process
 * while another is idle. Each pull has its own reply subject, which tells which of our requests a status ends.
 */
export function startPull(nats: NatsConnection, inboxPrefix: string, options: PullOptions): Pull {
  const inbox = `${inboxPrefix}.${nuid.next()}.pull`;
  const api = `$JS.API.CONSUMER.MSG.NEXT.${options.stream}.${options.durable}`;
  const requests = new Map<string, Request>();
  let counter = 0;
  let inFlight = 0;
  let stopped = false;
  let backoff: NodeJS.Timeout | undefined;
  const subscription: Subscription = nats.subscribe(`${inbox}.*`, { callback: (error, message) => (error ? undefined : receive(message)) });

  function outstanding(): number {
    let total = 0;
    for (const request of requests.values()) total += request.outstanding;
    return total;
  }

  function ask(): void {
    if (stopped || backoff !== undefined) return;
    const room = options.capacity() - inFlight - outstanding();
    if (room <= 0) return;
    const id = (counter++).toString(36);
    // The broker ends a request by itself; the timer covers a request that was lost with its connection.
    const timer = setTimeout(() => end(id), EXPIRES_MS + 1_000);
    requests.set(id, { outstanding: room, timer });
    nats.publish(api, JSON.stringify({ batch: room, expires: EXPIRES_MS * 1_000_000 }), { reply: `${inbox}.${id}` });
  }

  function end(id: string): void {
    const request = requests.get(id);
    if (!request) return;
    clearTimeout(request.timer);
    requests.delete(id);
    ask();
  }

  function receive(message: Msg): void {
    if (message.subject.startsWith(inbox)) {
      status(message, message.subject.slice(inbox.length + 1));
      return;
    }
    inFlight += 1;
    countDown();
    options.onMessage(message);
  }

  function status(message: Msg, id: string): void {
    const code = message.headers?.code ?? 0;
    if (code === 503 || code === 404 || (code === 409 && /deleted|leadership/i.test(message.headers?.description ?? ''))) {
      forgetAll();
      pause();
      if (!stopped) options.onMissing();
      return;
    }
    end(id);
  }

  function pause(): void {
    if (backoff !== undefined || stopped) return;
    backoff = setTimeout(() => {
      backoff = undefined;
      ask();
    }, 100);
  }

  function forgetAll(): void {
    for (const request of requests.values()) clearTimeout(request.timer);
    requests.clear();
  }

  /** A message came for one of the open requests: which one does not matter, the oldest is counted down. */
  function countDown(): void {
    for (const [id, request] of requests) {
      request.outstanding -= 1;
      if (request.outstanding <= 0) {
        clearTimeout(request.timer);
        requests.delete(id);
      }
      return;
    }
  }

  void (async () => {
    for await (const event of nats.status()) {
      if (stopped) return;
      if (event.type === 'reconnect') {
        forgetAll();
        ask();
      }
    }
  })();
  ask();

  return {
    release: () => {
      inFlight -= 1;
      ask();
    },
    stop: () => {
      stopped = true;
      forgetAll();
      if (backoff) clearTimeout(backoff);
      subscription.unsubscribe();
    },
    inFlight: () => inFlight,
  };
}
