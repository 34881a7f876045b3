import { partitionOf } from '@trivet/contracts';
import { keys, PARTITIONS } from '../keys.js';
import { withRedis, type Redis } from '../redis.js';

/** The accounts of a tenant's users and sessions by name; commits of new workflows write it too. */
export interface AccountIndex {
  /** @param name `user/ann` or `session/s1` */
  add: (tenant: string, name: string) => Promise<void>;
  /** Names after one of them, in their order. */
  list: (tenant: string, options: { after: string; limit: number }) => Promise<string[]>;
}

export function createAccountIndex(redis: Redis): AccountIndex {
  return {
    add: async (tenant, name) => void (await withRedis(() => redis.zadd(keys.accounts(partitionOf(name), tenant), 0, name))),
    list: async (tenant, { after, limit }) => {
      const from = after === '' ? '-' : `(${after}`;
      const perPartition = await withRedis(() => Promise.all(PARTITIONS.map((partition) => redis.zrangebylex(keys.accounts(partition, tenant), from, '+', 'LIMIT', 0, limit))));
      return [...new Set(perPartition.flat())].sort().slice(0, limit);
    },
  };
}
