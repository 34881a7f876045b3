import type { Bus } from '@trivet/bus';
import type { Worker } from '@trivet/contracts';
import type { Claims, Presence, Tier } from '@trivet/state';
import { createJudge } from './judge.js';
import type { Runner } from './runner.js';

/** Two looks at a killed worker are to fit in what its takeover may take, also when it dies with our ping in its hands. */
const TICK_MS = 100;

export interface Liveness {
  /** Everyone who is there. */
  workers: () => Worker[];
  /** Whether a worker is there no more, asked now. */
  isGone: (workerId: string) => Promise<boolean>;
  slots: (tier: Tier) => number;
  /** Calls that wait for somebody outside and use no slot. */
  waiting: (tier: Tier) => number;
  stop: () => Promise<void>;
}

export interface LivenessParts {
  bus: Bus;
  presence: Presence;
  claims: Claims;
  runner: Pick<Runner, 'deliver'>;
  /** How long our own connection must have been up before 'nobody answers' is believed. */
  stableMs: number;
  onError: (error: unknown) => void;
  /** One is there that was not, or other tools come with it than before. */
  onSeen: (worker: Worker) => Promise<void>;
  /** After each look: who is there. */
  onAll: (workers: readonly Worker[]) => Promise<void>;
  onLost: (worker: { service: string; id: string }) => void;
}

/** Keeps an eye on all workers, and has the calls of those that are gone taken over. */
export function startLiveness(parts: LivenessParts): Liveness {
  let live = new Map<string, Worker>();
  const judge = createJudge(parts.bus, parts.stableMs);
  let stopped = false;
  let running: Promise<void> | null = null;

  async function look(): Promise<void> {
    const entries = await parts.presence.list();
    const next = new Map<string, Worker>();
    await Promise.all(
      entries.map(async (entry) => {
        const worker = entry.worker ?? live.get(entry.id);
        if (await judge.isGone(entry)) await lose(entry);
        else if (worker) {
          const known = live.get(entry.id);
          if (!known || known.toolsDigest !== worker.toolsDigest) await parts.onSeen(worker);
          next.set(entry.id, worker);
        }
      }),
    );
    live = next;
    await parts.onAll([...next.values()]);
  }

  async function lose(worker: { service: string; id: string }): Promise<void> {
    live.delete(worker.id);
    for (const call of await parts.claims.heldBy(worker.id)) await takeOver(parts, worker.id, call);
    judge.forget(worker.id);
    await parts.presence.leave({ service: worker.service === 'model' ? 'model' : worker.service === 'executor' ? 'executor' : 'orchestrator', id: worker.id });
    parts.onLost(worker);
  }

  const tick = (): void => {
    if (stopped || running) return;
    running = look().catch(parts.onError).finally(() => (running = null));
  };
  const timer = setInterval(tick, TICK_MS);
  tick();

  return {
    workers: () => [...live.values()],
    isGone: async (workerId) => {
      const entry = (await parts.presence.list()).find((each) => each.id === workerId);
      // Present ones are judged by the regular look alone, which counts its looks.
      return entry === undefined || (!entry.present && judge.isGone(entry));
    },
    slots: (tier) => sumOf(live.values(), tier, (worker) => worker.slots),
    waiting: (tier) => sumOf(live.values(), tier, (worker) => worker.waiting ?? 0),
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      judge.stop();
      await running;
    },
  };
}

/** Tells the workflow of a call that the worker which held it is gone, so that another takes it up. */
async function takeOver({ claims, runner }: LivenessParts, workerId: string, call: Awaited<ReturnType<Claims['heldBy']>>[number]): Promise<void> {
  const claim = await claims.read(call.ref, call.callId);
  if (!claim || claim.status !== 'held' || claim.worker !== workerId) return;
  const outcome = await runner.deliver(call.ref, { type: 'worker-lost', callId: call.callId, worker: workerId, epoch: claim.epoch });
  // Not a step's call: one made inside a tool. Its message comes again by itself; only the claim stands in the way.
  if (outcome !== 'applied') await claims.release(call.ref, call.callId, workerId, claim.epoch, 'open');
}

/** Over the workers of a tier that take new work. */
function sumOf(workers: Iterable<Worker>, tier: Tier, of: (worker: Worker) => number): number {
  const service = tier === 'tool' ? 'executor' : 'model';
  return [...workers].filter((worker) => worker.service === service && !worker.draining).reduce((total, worker) => total + of(worker), 0);
}
