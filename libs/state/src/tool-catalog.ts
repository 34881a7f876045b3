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

/**
 * For how long a list is good for another task: within it a tool that was just added may be missing from a plan's check. An
 * empty one is good for nothing: while a system starts, another orchestrator may be telling already that there are tools.
 */
const FRESH_MS = 100;

export function createToolCatalog(redis: Redis): ToolCatalog {
  // A tool is parsed once, not once a task.
  const parsed = new Map<string, Tool>();
  let latest: { at: number; tools: Promise<Tool[]> } | null = null;

  async function read(): Promise<Tool[]> {
    const all = await withRedis(() => redis.hvals(keys.tools()));
    for (const text of parsed.keys()) if (!all.includes(text)) parsed.delete(text);
    const tools = all.map((text) => {
      const tool = parsed.get(text) ?? Tool.parse(JSON.parse(text));
      parsed.set(text, tool);
      return tool;
    });
    return tools.sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  return {
    put: async (tools) => {
      latest = null;
      if (tools.length > 0) await withRedis(() => redis.hset(keys.tools(), Object.fromEntries(tools.map((tool) => [tool.name, JSON.stringify(tool)]))));
    },
    get: async (name) => {
      const text = await withRedis(() => redis.hget(keys.tools(), name));
      return text === null ? null : Tool.parse(JSON.parse(text));
    },
    list: () => {
      if (latest && performance.now() - latest.at < FRESH_MS) return latest.tools;
      const tools = read();
      latest = { at: performance.now(), tools };
      const forget = (): void => void (latest = null);
      void tools.then((found) => found.length === 0 && forget(), forget);
      return tools;
    },
  };
}
