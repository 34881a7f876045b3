import { PRIORITIES, type KeyQueue } from '@trivet/contracts';
import type { Entering, Gates, WorkflowRef } from '@trivet/state';
import type { Runner } from '../runner/runner.js';
import { hasEnded, type WorkflowState } from '../workflow/state.js';
import { limitsOf, type Policies } from './policies.js';

const PUMP_EVERY_MS = 500;
const CHECK_EVERY_PUMPS = 8;
const MOST_CHECKED = 200;
/** Running workflows of a key that are looked into for steps that are tried again. */
const MOST_LOOKED_INTO = 200;

/** Lets limited workflows begin when there is room for them. */
export interface Gatekeeper {
  /** Whether a workflow may begin now; if not, it stands in line and is begun when its turn comes. */
  enter: (state: WorkflowState) => Promise<Entering>;
  /** A limited workflow has ended: the next of its line may begin. */
  leave: (state: WorkflowState) => Promise<void>;
  keys: (tenant: string) => Promise<KeyQueue[]>;
  stop: () => Promise<void>;
}

export interface GatekeeperParts {
  gates: Gates;
  policies: Policies;
  runner: Pick<Runner, 'read'>;
  /** Begins a workflow that was let in. */
  begin: (ref: WorkflowRef) => Promise<void>;
  onError: (error: unknown) => void;
}

export function startGatekeeper(parts: GatekeeperParts): Gatekeeper {
  const { gates, policies, runner } = parts;
  let pumps = 0;
  let running: Promise<void> | null = null;
  let stopped = false;

  async function enterKey(ref: WorkflowRef, key: string, rank: number): Promise<Entering> {
    return gates.enter(ref, key, limitsOf(await policies.of(ref.tenant), key), rank);
  }

  /** Asks for the first of each line. What stands there and has ended or gone is taken out. */
  async function pump(tenant: string): Promise<void> {
    for (const { workflowId, key } of await gates.heads(tenant)) {
      const ref = { tenant, workflowId };
      const state = await runner.read(ref);
      if (state?.status !== 'accepted') await gates.leave(ref, key);
      else if ((await enterKey(ref, key, rankOf(state))).status === 'entered') await parts.begin(ref);
    }
  }

  /** Takes out who ended without being told of: the process that ended it died. */
  async function check(tenant: string): Promise<void> {
    for (const { workflowId, key } of await gates.someInside(tenant, MOST_CHECKED)) {
      const ref = { tenant, workflowId };
      const state = await runner.read(ref);
      if (!state || hasEnded(state)) await gates.leave(ref, key);
      else if (state.status === 'accepted') await parts.begin(ref);
    }
  }

  async function round(): Promise<void> {
    pumps += 1;
    for (const tenant of await gates.tenants()) {
      if (pumps % CHECK_EVERY_PUMPS === 0) await check(tenant);
      await pump(tenant);
    }
  }

  const timer = setInterval(() => {
    if (stopped || running) return;
    running = round().catch(parts.onError).finally(() => (running = null));
  }, PUMP_EVERY_MS);

  return {
    enter: (state) => enterKey(refOf(state), keyOf(state), rankOf(state)),
    leave: async (state) => {
      await gates.leave(refOf(state), keyOf(state));
      await pump(state.accepted.tenant);
    },
    keys: (tenant) => keyQueues(parts, tenant),
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}

async function keyQueues({ gates, policies, runner }: GatekeeperParts, tenant: string): Promise<KeyQueue[]> {
  const [{ nowMs, keys }, policy] = await Promise.all([gates.figures(tenant), policies.of(tenant)]);
  return Promise.all(
    keys.map(async (figures): Promise<KeyQueue> => {
      const { keyRunning, rate } = limitsOf(policy, figures.key);
      const states = await Promise.all(figures.running.slice(0, MOST_LOOKED_INTO).map((workflowId) => runner.read({ tenant, workflowId })));
      return {
        tenant,
        key: figures.key === '' ? null : figures.key,
        queued: figures.queued,
        running: figures.running.length,
        retrying: states.filter((state) => state && state.waiting > 0 && [...state.steps.all()].some((step) => step.status === 'retrying')).length,
        maxRunning: figures.key === '' ? policy.maxRunning : keyRunning,
        rate: rate ? { ...rate, left: Math.max(0, rate.starts - figures.starts) } : null,
        oldestQueuedMs: figures.oldestQueuedAtMs === null ? null : Math.max(0, nowMs - figures.oldestQueuedAtMs),
      };
    }),
  );
}

const refOf = ({ accepted: { tenant, workflowId } }: WorkflowState): WorkflowRef => ({ tenant, workflowId });
const keyOf = ({ accepted: { task } }: WorkflowState): string => task.concurrencyKey ?? '';
const rankOf = ({ accepted: { task } }: WorkflowState): number => PRIORITIES.indexOf(task.priority ?? 'normal');
