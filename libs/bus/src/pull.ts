import { nuid, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { createOpenPulls } from './open-pulls.js';

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

/**
 * A process that hangs is given messages for as long as its requests last; they have lapsed when its calls are taken over, which then
 * come to one that works.
 */
const EXPIRES_MS = 2_000;
const PAUSE_MS = 100;
/** More is asked for when this part of the capacity is free, or so many places: one request then stands for several messages, and none waits long for the next. */
const ASK_AT_PART = 4;
const ASK_AT = 16;

/**
 * Pulls from a durable consumer exactly as many messages as there is room for, so that none waits in a busy process
 * while another is idle. Each pull has its own reply subject, which tells which of our requests a status ends.
 */
export function startPull(nats: NatsConnection, inboxPrefix: string, options: PullOptions): Pull {
  const inbox = `${inboxPrefix}.${nuid.next()}.pull`;
  const api = `$JS.API.CONSUMER.MSG.NEXT.${options.stream}.${options.durable}`;
  // The broker ends a request by itself, a moment before we do.
  const open = createOpenPulls(EXPIRES_MS + 1_000, end);
  let inFlight = 0;
  let stopped = false;
  let backoff: NodeJS.Timeout | undefined;
  const subscription = nats.subscribe(`${inbox}.*`, { callback: (error, message) => (error ? undefined : receive(message)) });

  function ask(): void {
    if (stopped || backoff !== undefined || nats.isClosed()) return;
    const capacity = options.capacity();
    const room = capacity - inFlight - open.outstanding();
    if (room < Math.max(1, Math.min(ASK_AT, Math.floor(capacity / ASK_AT_PART)))) return;
    const id = open.add(room);
    nats.publish(api, JSON.stringify({ batch: room, expires: EXPIRES_MS * 1_000_000 }), { reply: `${inbox}.${id}` });
  }

  function end(id: string): void {
    if (open.end(id)) ask();
  }

  function receive(message: Msg): void {
    if (message.subject.startsWith(inbox)) return saysMissing(message) ? backOff() : end(message.subject.slice(inbox.length + 1));
    inFlight += 1;
    open.countDown();
    options.onMessage(message);
  }

  function backOff(): void {
    open.clear();
    if (stopped) return;
    backoff ??= setTimeout(() => {
      backoff = undefined;
      ask();
    }, PAUSE_MS);
    options.onMissing();
  }

  /** The broker forgot our requests with the connection. */
  async function askAfterReconnects(): Promise<void> {
    for await (const event of nats.status()) {
      if (stopped) return;
      if (event.type !== 'reconnect') continue;
      open.clear();
      ask();
    }
  }

  void askAfterReconnects();
  ask();

  return {
    release: () => {
      inFlight -= 1;
      ask();
    },
    stop: () => {
      stopped = true;
      open.clear();
      clearTimeout(backoff);
      subscription.unsubscribe();
    },
    inFlight: () => inFlight,
  };
}

/** Whether a status says that the consumer, its stream or their leader is not there, rather than that a request has ended. */
function saysMissing(message: Msg): boolean {
  const code = message.headers?.code ?? 0;
  return code === 503 || code === 404 || (code === 409 && /deleted|leadership/i.test(message.headers?.description ?? ''));
}
