import type { WorkflowStatus } from '@trivet/contracts';
import type { WorkflowStore } from '@trivet/state';
import { decodeAccepted, decodeHead } from '../runner/codec.js';

/** What lists are filtered by, and what is counted. */
export interface Glance {
  workflowId: string;
  createdMs: number;
  status: WorkflowStatus;
  goal: string;
  template: string | null;
  labels: Record<string, string>;
  finishedAt: string | null;
  failure: { code: string; message: string } | null;
  /** Waits for the limits of its key or tenant to let it begin. */
  gated: boolean;
}

export type Entry = Pick<Glance, 'workflowId' | 'createdMs'>;

export interface Glances {
  /** Of those that are there, in their order. */
  of: (tenant: string, entries: readonly Entry[]) => Promise<Glance[]>;
}

/** So many are kept; one with a longer goal is read anew each time. */
const MOST_KEPT = 20_000;
const LONGEST_KEPT_GOAL = 2_000;

/** Reads a workflow's record once for each of its versions: a list of many costs little after the first time. */
export function createGlances(store: Pick<WorkflowStore, 'loadHeads' | 'loadVersions'>): Glances {
  const kept = new Map<string, { version: number; glance: Glance }>();

  function keep(name: string, version: number, glance: Glance): void {
    kept.delete(name);
    if (glance.goal.length > LONGEST_KEPT_GOAL) return;
    kept.set(name, { version, glance });
    const [oldest] = kept.size > MOST_KEPT ? kept.keys() : [];
    if (oldest !== undefined) kept.delete(oldest);
  }

  return {
    of: async (tenant, entries) => {
      const nameOf = ({ workflowId }: Entry): string => `${tenant}/${workflowId}`;
      // The version first: what is read after it is at least as new.
      const versions = await store.loadVersions(tenant, entries.map((entry) => entry.workflowId));
      const isKept = (entry: Entry, index: number): boolean => versions[index] !== null && kept.get(nameOf(entry))?.version === versions[index];
      const missing = entries.filter((entry, index) => versions[index] !== null && !isKept(entry, index));
      const heads = await store.loadHeads(tenant, missing.map((entry) => entry.workflowId));
      const read = new Map(missing.flatMap((entry, index) => (heads[index] ? [[entry.workflowId, glanceOf(entry, heads[index])] as const] : [])));
      return entries.flatMap((entry, index) => {
        const version = versions[index] ?? null;
        const glance = read.get(entry.workflowId) ?? (isKept(entry, index) ? kept.get(nameOf(entry))?.glance : undefined);
        if (version === null || !glance) return [];
        keep(nameOf(entry), version, glance);
        return [glance];
      });
    },
  };
}

function glanceOf({ workflowId, createdMs }: Entry, found: { head: string; task: string }): Glance {
  const { task, template, gated } = decodeAccepted(found.task);
  const { status, finishedAt, failure } = decodeHead(found.head);
  return { workflowId, createdMs, status, goal: task.goal, template, labels: task.labels ?? {}, finishedAt, failure: failure ? { code: failure.code, message: failure.message } : null, gated: gated === true };
}
