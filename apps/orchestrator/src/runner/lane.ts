import { createPace, type Pace } from '@trivet/service';
import { PARTITIONS, type CallQueue, type DealtCall, type Tier } from '@trivet/state';

/** How far ahead of the live slots calls are dealt at least: enough to keep every slot busy, few enough to stay fair. Of short calls it is more. */
const AHEAD = 2;
const LEAST_AHEAD = 8;
const DEAL_SIZE = 32;
/** How often, when there is no room, the queues are asked whether there is some: other orchestrators close calls, too. */
const LOOK_EVERY_MS = 20;
/** Every so many deals begin with the lowest class: what is not urgent waits longer, not for ever. */
const LOWEST_EVERY = 8;

export interface LaneParts {
  queue: Pick<CallQueue, 'deal' | 'depth'>;
  /** How many calls a tenant is dealt in its turn, where that is not one. */
  weights: () => ReadonlyMap<string, number>;
  /** Live slots of a tier, over all its workers. */
  slots: (tier: Tier) => number;
  /** Calls that wait for somebody outside and use no slot, over all workers of the tier. */
  waiting: (tier: Tier) => number;
  onError: (error: unknown) => void;
}

export interface Depth {
  ready: number;
  sent: number;
}

/** The calls of one tier. The tiers are dealt side by side: a full one holds up no other. */
export interface Lane {
  kick: (partition: number) => void;
  hasRoom: () => boolean;
  /** A call that was dealt with its commit. */
  send: (call: DealtCall) => void;
  /** A call has ended; `ranMs` where it ran and is known. */
  freed: (ranMs?: number) => void;
  /** Calls may be ready that no commit of this process made so: another orchestrator died before it dealt them. */
  refresh: () => Promise<void>;
  depth: () => Depth;
  stop: () => Promise<void>;
}

export function createLane(parts: LaneParts, tier: Tier, publish: (call: DealtCall) => Promise<void>): Lane {
  const state: LaneState = { wanted: new Set(), depth: { ready: 0, sent: 0 }, turns: 0, pace: createPace() };
  const { wanted } = state;
  let running: Promise<void> | null = null;
  let stopped = false;
  let lookedAt = -LOOK_EVERY_MS;
  const later = createLater(run);
  const room = (): number => Math.max(LEAST_AHEAD, state.pace.callsPerSlot(AHEAD) * parts.slots(tier) + parts.waiting(tier)) - state.depth.sent;
  const publishing = createPublishing(publish, parts.onError);

  async function deal(): Promise<void> {
    while (!stopped && wanted.size > 0) {
      if (room() <= 0 && performance.now() - lookedAt >= LOOK_EVERY_MS) {
        lookedAt = performance.now();
        state.depth = await parts.queue.depth(tier);
      }
      if (room() <= 0) break;
      await dealRound(parts, tier, state, room, publishing.begin);
    }
  }

  function run(): void {
    if (stopped || running) return;
    // A Redis that refuses at once is not asked again at once.
    running = succeeds(deal(), parts.onError).then((isWell) => {
      running = null;
      if (wanted.size === 0) return;
      if (isWell && room() > 0) run();
      else later.ask();
    });
  }

  return {
    hasRoom: () => !stopped && room() > 0 && state.depth.ready === 0 && wanted.size === 0,
    send: (call) => {
      state.depth.sent += 1;
      publishing.begin([call]);
    },
    kick: (partition) => {
      wanted.add(partition);
      run();
    },
    freed: (ranMs) => {
      if (ranMs !== undefined) state.pace.took(ranMs);
      state.depth.sent = Math.max(0, state.depth.sent - 1);
      // What became ready since we looked last asked for its partition itself.
      if (wanted.size > 0) run();
    },
    refresh: async () => {
      if (running) return;
      state.depth = await parts.queue.depth(tier);
      if (state.depth.ready === 0) return;
      for (const partition of PARTITIONS) wanted.add(partition);
      run();
    },
    depth: () => state.depth,
    stop: async () => {
      stopped = true;
      later.cancel();
      await running;
      await publishing.ended();
    },
  };
}

async function succeeds(task: Promise<void>, onError: (error: unknown) => void): Promise<boolean> {
  try {
    await task;
    return true;
  } catch (error) {
    onError(error);
    return false;
  }
}

/** Does a task once, in a while, however often it is asked for until then. */
function createLater(task: () => void): { ask: () => void; cancel: () => void } {
  let timer: NodeJS.Timeout | null = null;
  return {
    ask: () => {
      timer ??= setTimeout(() => {
        timer = null;
        task();
      }, LOOK_EVERY_MS);
    },
    cancel: () => clearTimeout(timer ?? undefined),
  };
}

interface LaneState {
  /** Partitions that may have ready calls. */
  wanted: Set<number>;
  depth: Depth;
  turns: number;
  pace: Pace;
}

/** One look at each wanted partition for which there is room, at all of them at once, beginning with another each time. */
async function dealRound(parts: LaneParts, tier: Tier, state: LaneState, room: () => number, begin: (calls: readonly DealtCall[]) => void): Promise<void> {
  const wanted = [...state.wanted];
  const first = state.turns % wanted.length;
  const chosen = [...wanted.slice(first), ...wanted.slice(0, first)].slice(0, Math.max(1, room()));
  const share = Math.max(1, Math.min(DEAL_SIZE, Math.floor(room() / chosen.length)));
  await Promise.all(
    chosen.map(async (partition) => {
      // Before the look: what becomes ready during it asks for the partition again.
      state.wanted.delete(partition);
      state.turns += 1;
      const calls = await parts.queue.deal(partition, tier, share, { weights: parts.weights(), lowestFirst: state.turns % LOWEST_EVERY === 0 });
      if (calls.length === share) state.wanted.add(partition);
      state.depth.sent += calls.length;
      begin(calls);
    }),
  );
}

/** A publish that fails is not lost: the call has its due entry, and the sweeper publishes it again. */
function createPublishing(publish: (call: DealtCall) => Promise<void>, onError: (error: unknown) => void): { begin: (calls: readonly DealtCall[]) => void; ended: () => Promise<void> } {
  const open = new Set<Promise<void>>();
  return {
    begin: (calls) => {
      for (const call of calls) {
        const task: Promise<void> = publish(call).catch(onError).finally(() => open.delete(task));
        open.add(task);
      }
    },
    ended: async () => void (await Promise.all(open)),
  };
}
