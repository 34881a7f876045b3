import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What is wrong with the network between two processes. Nothing of it is said to either side. */
export interface NetworkWeather {
  /** Each piece of data is held back this long, one way. */
  latencyMs: number;
  /** And up to so much longer, at random; what was sent first still arrives first. */
  jitterMs: number;
  /** Which way nothing gets through, while the connection looks open to both: 'up' is towards the server. Only heal() ends it. */
  blackHole: 'none' | 'up' | 'down' | 'both';
}

/** A TCP proxy in front of one server: the network between a service and NATS or Redis, and what can happen to it. */
export interface TcpProxy {
  readonly port: number;
  setWeather: (weather: Partial<NetworkWeather>) => void;
  /** All is well again: what a black hole held back is lost, so its connections end with a reset. */
  heal: () => void;
  /** Ends every connection with a reset; new ones get through. */
  cut: () => void;
  readonly connections: number;
  /** How many pieces of data a black hole has taken so far. */
  readonly swallowed: number;
  stop: () => Promise<void>;
}

export interface TcpProxyOptions {
  targetPort: number;
  /** A number in [0, 1), for the jitter. */
  random?: () => number;
}

const CALM: NetworkWeather = { latencyMs: 0, jitterMs: 0, blackHole: 'none' };

/** Listens on a free loopback port and passes everything on to the target's, as the weather lets it. */
export async function startTcpProxy({ targetPort, random = Math.random }: TcpProxyOptions): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  let weather = CALM;
  let swallowed = 0;
  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1');
    const pair: Pair = { client, upstream, swallowed: false };
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      reset(pair);
    };
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
    }
    pass(client, upstream, () => delayUnless(pair, 'up'));
    pass(upstream, client, () => delayUnless(pair, 'down'));
  });

  /** How long to hold a piece back; null when it disappears. */
  function delayUnless(pair: Pair, way: 'up' | 'down'): number | null {
    if (weather.blackHole === 'both' || weather.blackHole === way) {
      pair.swallowed = true;
      swallowed += 1;
      return null;
    }
    return weather.latencyMs + weather.jitterMs * random();
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cutWhere = (condition: (pair: Pair) => boolean): void => [...pairs].filter(condition).forEach(reset);
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return pairs.size;
    },
    get swallowed() {
      return swallowed;
    },
    setWeather: (change) => {
      weather = { ...weather, ...change };
    },
    heal: () => {
      weather = CALM;
      cutWhere((pair) => pair.swallowed);
    },
    cut: () => cutWhere(() => true),
    stop: () => new Promise((resolve) => {
      server.close(() => resolve());
      cutWhere(() => true);
    }),
  };
}

interface Pair {
  client: Socket;
  upstream: Socket;
  /** Some of its data has disappeared. */
  swallowed: boolean;
}

function reset({ client, upstream }: Pair): void {
  for (const socket of [client, upstream]) if (!socket.destroyed) socket.resetAndDestroy();
}

/** Passes data on in its order, each piece after the delay of its own time and never before the one in front; `null` lets it disappear. */
function pass(from: Socket, to: Socket, delayNow: () => number | null): void {
  const line: { data: Buffer; at: number }[] = [];
  let timer: NodeJS.Timeout | null = null;

  function forward(): void {
    timer = null;
    for (let first = line[0]; first && !to.destroyed; first = line[0]) {
      const waitMs = first.at - performance.now();
      if (waitMs > 0) {
        timer = setTimeout(forward, Math.ceil(waitMs));
        return;
      }
      line.shift();
      to.write(first.data);
    }
  }

  from.on('data', (data: Buffer) => {
    const delay = delayNow();
    if (delay === null) return;
    line.push({ data, at: performance.now() + delay });
    if (timer === null) forward();
  });
}
