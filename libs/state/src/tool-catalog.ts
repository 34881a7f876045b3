import { Tool } from '@trivet/contracts';
import { keys } from './keys.js';
import { withRedis, type Redis } from './redis.js';

/** The tools there are: stored state, so that it does not depend on an executor being up. */
export interface ToolCatalog {
  /** Adds or replaces tools, all at once: nobody sees half of what an executor brings. */
  put: (tools: readonly Tool[]) => Promise<void>;
  get: (name: string) => Promise<Tool | null>;
  list: () => Promise<Tool[]>;
}

export function createToolCatalog(redis: Redis): ToolCatalog {
  return {
    put: async (tools) => {
      if (tools.length > 0) await withRedis(() => redis.hset(keys.tools(), Object.fromEntries(tools.map((tool) => [tool.name, JSON.stringify(tool)]))));
    },
    get: async (name) => {
      const text = await withRedis(() => redis.hget(keys.tools(), name));
      return text === null ? null : Tool.parse(JSON.parse(text));
    },
    list: async () => {
      const all = await withRedis(() => redis.hvals(keys.tools()));
      return all.map((text) => Tool.parse(JSON.parse(text))).sort((left, right) => (left.name < right.name ? -1 : 1));
    },
  };
}
