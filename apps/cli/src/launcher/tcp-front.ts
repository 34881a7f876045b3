import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface TcpFrontOptions {
  port: number;
  /** The address it listens on, and the processes behind it too; all addresses: they are reached on loopback. */
  host: string;
  /** The ports behind it as they are now; asked anew for each connection, since a process that starts again takes another. */
  backends: () => readonly number[];
  /** How long a connection waits while nothing behind it takes it; default 5 s. */
  patienceMs?: number;
}

/** One port before several processes. */
export interface TcpFront {
  readonly port: number;
  /** Ends all connections and gives the port back. */
  close(): Promise<void>;
}

const PATIENCE_MS = 5_000;
const TRY_AGAIN_MS = 25;

/**
 * Deals connections to the ports behind it in turn. One that refuses is passed over, and while all do (they start, or all
 * died) the connection waits: nothing was sent yet, so nothing is sent twice. Once connected it passes bytes on in both
 * directions and looks at none, so that streams stay open for as long as both ends want.
 *
 * @throws when the port cannot be listened on
 */
export async function startTcpFront({ port, host, backends, patienceMs = PATIENCE_MS }: TcpFrontOptions): Promise<TcpFront> {
  const open = new Set<Socket>();
  const next = inTurn(backends);
  const closing = new AbortController();
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, (client) => {
    keep(open, client);
    void reachBackend(client, next, { host: reachable(host), deadline: performance.now() + patienceMs, signal: closing.signal }).then((backend) => {
      if (!backend) return void client.destroy();
      keep(open, backend);
      join(client, backend);
    });
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    port: portOf(server),
    close: async () => {
      closing.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

/** All ports behind, beginning with the one whose turn it is. */
function inTurn(backends: () => readonly number[]): () => readonly number[] {
  let turn = 0;
  return () => {
    const ports = backends();
    const first = ports.length === 0 ? 0 : turn % ports.length;
    turn = first + 1;
    return [...ports.slice(first), ...ports.slice(0, first)];
  };
}

/** A connection to the first that takes it; undefined when the client has gone or its time is over. */
async function reachBackend(client: Socket, next: () => readonly number[], { host, deadline, signal }: { host: string; deadline: number; signal: AbortSignal }): Promise<Socket | undefined> {
  for (;;) {
    for (const port of next()) {
      const backend = await tryConnect(port, host);
      if (backend && !client.destroyed) return backend;
      backend?.destroy();
    }
    if (client.destroyed || signal.aborted || performance.now() > deadline) return undefined;
    await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
  }
}

const reachable = (host: string): string => (host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host);

function tryConnect(port: number, host: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, noDelay: true, allowHalfOpen: true });
    socket.once('error', () => resolve(undefined));
    socket.once('connect', () => resolve(socket));
  });
}

/** An end is passed on as an end, a broken connection as a broken one. */
function join(client: Socket, backend: Socket): void {
  for (const [from, to] of [[client, backend], [backend, client]] as const) {
    from.on('close', (hadError) => (hadError ? to.resetAndDestroy() : to.destroySoon()));
    from.pipe(to);
  }
}

function keep(open: Set<Socket>, socket: Socket): void {
  open.add(socket);
  socket.on('error', () => undefined);
  socket.once('close', () => open.delete(socket));
}

function portOf(server: Server): number {
  const address = server.address();
  if (address !== null && typeof address === 'object') return address.port;
  throw new Error('the front listens on no port');
}
