import type { Worker } from '@trivet/contracts';
import type { Presence, ToolCatalog } from '@trivet/state';

/** Which tools come with which executors, as these say themselves. Tools that tenants uploaded run on all of them. */
export interface ExecutorTools {
  /** Reads what comes with an executor, and takes it into the catalog. */
  learn: (workerId: string) => Promise<void>;
  /** Told after each look who is there, and what the catalog has. */
  see: (workers: readonly Worker[], catalog: readonly { name: string }[]) => void;
  /** Whether an executor may have a tool: it says so, or says nothing of its tools, or the tool is none that comes with executors. */
  mayHave: (workerId: string, tool: string) => boolean;
  /** The tools of the catalog that no executor has which takes calls now; none while there is no such executor at all. */
  missing: () => ReadonlySet<string>;
}

export function createExecutorTools({ presence, catalog }: { presence: Pick<Presence, 'toolsOf'>; catalog: Pick<ToolCatalog, 'put'> }): ExecutorTools {
  const namesOf = new Map<string, ReadonlySet<string>>();
  let known: ReadonlySet<string> = new Set();
  let missing: ReadonlySet<string> = new Set();
  /** What `missing` was worked out from: it is asked for ten times a second, and hardly ever changes. */
  let seen = '';
  const mayHave = (workerId: string, tool: string): boolean => {
    const names = namesOf.get(workerId);
    return names === undefined || names.size === 0 || names.has(tool) || !known.has(tool);
  };

  return {
    learn: async (workerId) => {
      const tools = await presence.toolsOf(workerId);
      namesOf.set(workerId, new Set(tools.map(({ name }) => name)));
      seen = '';
      await catalog.put(tools);
    },
    see: (workers, tools) => {
      const able = workers.filter(({ service, draining }) => service === 'executor' && !draining);
      const now = `${tools.length} ${able.map(({ id }) => id).join(' ')}`;
      if (seen === now) return;
      seen = now;
      const there = new Set(workers.map(({ id }) => id));
      for (const id of namesOf.keys()) if (!there.has(id)) namesOf.delete(id);
      known = new Set(tools.map(({ name }) => name));
      missing = new Set(able.length === 0 ? [] : [...known].filter((tool) => !able.some(({ id }) => mayHave(id, tool))));
    },
    mayHave,
    missing: () => missing,
  };
}
