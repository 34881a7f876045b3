import { PARTITIONS, keys } from '../keys.js';
import { withRedis, type Redis } from '../redis.js';

/** How many workflows of a tenant have a record in Redis. */
export async function countWorkflows(redis: Redis, tenant: string): Promise<number> {
  const counts = await withRedis(() => Promise.all(PARTITIONS.map((partition) => redis.zcard(keys.list(partition, tenant)))));
  return counts.reduce((sum, count) => sum + count, 0);
}
