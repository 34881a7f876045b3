import { pick } from '../random.js';
import type { World } from '../world.js';
import { pause, type Fault } from './fault.js';
import type { TcpProxy } from '@trivet/testing';

export const latency: Fault = {
  name: 'latency',
  what: 'every piece of data takes 20 to 120 ms, each way, to and from everybody',
  track: 'surroundings',
  lastsMs: [1_500, 3_500],
  run: async ({ network }, { lastsMs }) => {
    const proxies = network.flatMap(({ nats, redis }) => [nats, redis]);
    for (const proxy of proxies) proxy.setWeather({ latencyMs: 20, jitterMs: 100 });
    await pause(lastsMs);
    for (const proxy of proxies) proxy.heal();
  },
};

export const cut: Fault = {
  name: 'cut',
  what: 'all connections to one server end with a reset',
  track: 'surroundings',
  lastsMs: [0, 0],
  run: async ({ network }, { aim }) => {
    for (const { nats, redis } of network) (aim < 0.5 ? nats : redis).cut();
  },
};

/** One process is cut off from one server or from both, and nobody tells it. */
export const halfOpen: Fault = {
  name: 'half-open',
  what: 'one process and a server do not hear each other, one way or both, while the connection looks open',
  track: 'surroundings',
  lastsMs: [2_000, 6_500],
  weight: 2,
  run: async (world, { aim, lastsMs }) => {
    const ways = ['up', 'down', 'both'] as const;
    const proxies = cutOff(world, aim);
    for (const proxy of proxies) proxy.setWeather({ blackHole: pick(ways, (aim * 1_000) % 1) });
    await pause(lastsMs);
    for (const proxy of proxies) proxy.heal();
  },
};

/** Redis does what it is told, and its answers are lost: all is sent again on a new connection, and must be done once. */
export const lostReplies: Fault = {
  name: 'lost-replies',
  what: 'answers of Redis are lost for 50 to 250 ms, then its connections end with a reset',
  track: 'surroundings',
  lastsMs: [50, 250],
  weight: 2,
  run: async ({ network }, { lastsMs }) => {
    for (const { redis } of network) redis.setWeather({ blackHole: 'down' });
    await pause(lastsMs);
    for (const { redis } of network) redis.heal();
  },
};

function cutOff({ network }: World, aim: number): TcpProxy[] {
  const link = pick(network, aim);
  return pick([[link.nats], [link.redis], [link.nats, link.redis]], (aim * 100) % 1);
}
