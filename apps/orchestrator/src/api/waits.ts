import type { Gatekeeper } from '../policy/gatekeeper.js';
import type { HeadRecord } from '../runner/codec.js';
import type { Liveness } from '../runner/liveness.js';
import type { Accepted, WorkflowState } from '../workflow/state.js';
import type { Archive } from './archive.js';
import { waitingOf } from './waiting-for.js';

/** Why workflows do not go on, in sentences; null: they do, or have ended. */
export interface Waits {
  of: (state: WorkflowState) => Promise<string | null>;
  /** Of one in a list: only one that stands still is read whole for it, or one that nobody is there to run. */
  inList: (accepted: Accepted, head: HeadRecord) => Promise<string | null>;
}

export interface WaitParts {
  gatekeeper: Pick<Gatekeeper, 'keys'>;
  liveness: Pick<Liveness, 'slots'>;
}

const STANDING: ReadonlySet<string> = new Set(['accepted', 'waiting', 'paused']);
const TIERS = ['tool', 'model'] as const;

export function createWaits(parts: WaitParts, archive: Pick<Archive, 'state'>): Waits {
  const of = async (state: WorkflowState): Promise<string | null> => (await inLine(parts, state)) ?? waitingOf(state, parts.liveness);
  return {
    of,
    inList: async ({ tenant, workflowId }, { status }) => {
      const stands = STANDING.has(status) || (status === 'running' && TIERS.some((tier) => parts.liveness.slots(tier) === 0));
      const state = stands ? await archive.state({ tenant, workflowId }) : null;
      return state && of(state);
    },
  };
}

/** Why a workflow that is limited has not begun. */
async function inLine({ gatekeeper }: WaitParts, { status, accepted }: WorkflowState): Promise<string | null> {
  if (status !== 'accepted' || !accepted.gated) return null;
  const key = accepted.task.concurrencyKey ?? null;
  const figures = (await gatekeeper.keys(accepted.tenant)).find((each) => each.key === key);
  if (!figures) return null;
  const waited = `Queued ${Math.round((figures.oldestQueuedMs ?? 0) / 1_000)} s`;
  const who = key === null ? `tenant ${accepted.tenant}` : `key ${key}`;
  if (figures.rate?.left === 0) return `${waited}: ${who} has begun ${figures.rate.starts} of ${figures.rate.starts} workflows in ${figures.rate.perMs} ms.`;
  return `${waited}: ${who} has ${figures.running} of ${figures.maxRunning ?? 'any number'} running, and ${figures.queued} in line.`;
}
