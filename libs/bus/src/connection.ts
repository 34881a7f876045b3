import { connect, type NatsConnection } from '@nats-io/transport-node';
import { FailureError } from '@trivet/contracts';
import { writeInBatches, type FrameWriter } from './write-batches.js';

/** The oldest server whose features (filters per consumer, per-message TTL, stream metadata) we rely on. */
export const OLDEST_NATS = [2, 12] as const;

export interface BusOptions {
  /** nats://[user:password@]host:port, several separated by commas. */
  url: string;
  /** Shown in the server's connection list. */
  name: string;
  /** Own prefix, so that no other user can listen to our answers. */
  inboxPrefix?: string;
}

export interface Connection {
  nats: NatsConnection;
  writer: FrameWriter;
  /** Ms since 1970 of the last (re)connect; null while disconnected. */
  connectedSince: () => number | null;
  onReconnect: (listener: () => void) => () => void;
  onDisconnect: (listener: () => void) => () => void;
  close: () => Promise<void>;
}

/**
 * Connects and keeps reconnecting for ever. Refuses a server that is too old or has no JetStream with the one line
 * that mends it.
 */
export async function openConnection(options: BusOptions): Promise<Connection> {
  const { servers, user, pass } = parseUrl(options.url);
  const nats = await connect({
    servers,
    name: options.name,
    ...(user ? { user, pass } : {}),
    ...(options.inboxPrefix ? { inboxPrefix: options.inboxPrefix } : {}),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    reconnectJitter: 50,
    pingInterval: 2_000,
    maxPingOut: 3,
    timeout: 5_000,
    ignoreAuthErrorAbort: true,
  });
  try {
    requireServer(nats);
  } catch (error) {
    await nats.close();
    throw error;
  }
  return watch(nats, writeInBatches(nats));
}

/**
 * Asks the broker something, and gives up as soon as the connection is lost: the broker has forgotten the question then, and the
 * client would wait for its time-out.
 */
export async function whileConnected<Answer>({ connectedSince, onDisconnect }: Pick<Connection, 'connectedSince' | 'onDisconnect'>, ask: () => Promise<Answer>): Promise<Answer> {
  if (connectedSince() === null) throw new FailureError('unavailable', 'The broker is away.');
  let stop = (): unknown => undefined;
  const lost = new Promise<never>((_, reject) => (stop = onDisconnect(() => reject(new FailureError('unavailable', 'The connection to the broker was lost before it answered.')))));
  return Promise.race([ask(), lost]).finally(() => stop());
}

function watch(nats: NatsConnection, writer: FrameWriter): Connection {
  let since: number | null = Date.now();
  const listeners = new Set<() => void>();
  const lossListeners = new Set<() => void>();
  void (async () => {
    for await (const status of nats.status()) {
      if (status.type === 'disconnect' || status.type === 'staleConnection') {
        since = null;
        for (const listener of lossListeners) listener();
      }
      if (status.type === 'reconnect') {
        since = Date.now();
        for (const listener of listeners) listener();
      }
    }
  })();
  return {
    nats,
    writer,
    connectedSince: () => since,
    onReconnect: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onDisconnect: (listener) => {
      lossListeners.add(listener);
      return () => lossListeners.delete(listener);
    },
    close: async () => {
      writer.flush();
      if (!nats.isClosed()) await nats.drain().catch(() => nats.close());
    },
  };
}

function requireServer(nats: NatsConnection): void {
  const info = nats.info;
  const version = info?.version ?? '0.0.0';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST_NATS[0] || (major === OLDEST_NATS[0] && minor < OLDEST_NATS[1])) {
    throw new FailureError('unavailable', `The NATS server is ${version}; Trivet needs ${OLDEST_NATS.join('.')} or newer.`, { hint: 'Start a newer nats-server, or unset TRIVET_NATS_URL and let the launcher fetch one.' });
  }
  if (info?.jetstream !== true) {
    throw new FailureError('unavailable', `The NATS server ${version} runs without JetStream.`, { hint: 'Start it with -js, or with a jetstream block in its configuration.' });
  }
}

function parseUrl(url: string): { servers: string[]; user?: string; pass?: string } {
  const parsed = url.split(',').map((part) => new URL(part.includes('://') ? part.trim() : `nats://${part.trim()}`));
  const first = parsed[0];
  const servers = parsed.map((part) => `${part.hostname}:${part.port || '4222'}`);
  if (!first?.username) return { servers };
  return { servers, user: decodeURIComponent(first.username), pass: decodeURIComponent(first.password) };
}
