import { connectRedis, type Redis } from '@trivet/state';
import { startRedis } from './servers.js';

/** A Redis server of the test's own, and a client of it. */
export async function startConnectedRedis(): Promise<{ port: number; url: string; redis: Redis; stop: () => Promise<void> }> {
  const server = await startRedis();
  const redis = connectRedis({ url: server.url, name: 'test' });
  return {
    port: server.port,
    url: server.url,
    redis,
    stop: async () => {
      redis.disconnect();
      await server.stop();
    },
  };
}
