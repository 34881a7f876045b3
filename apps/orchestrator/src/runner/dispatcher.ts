import { HEADERS } from '@trivet/contracts';
import { subjects, type Bus } from '@trivet/bus';
import { PARTITIONS, partitionOfRef, type CallQueue, type DealtCall, type Tier, type WorkflowRef } from '@trivet/state';
import type { CallEnvelope } from './change.js';
import { createConfirmations, type Confirmations } from './confirmations.js';

/** How far ahead of the live slots calls are dealt: enough to keep every slot busy, few enough to stay fair. */
const AHEAD = 2;
const LEAST_AHEAD = 8;
const TICK_MS = 250;
const DEAL_SIZE = 32;

export interface Dispatcher {
  /** Deals what a commit made ready. */
  kick: (ref: WorkflowRef, tier: Tier) => void;
  /** A call has ended: there is room for another. */
  closed: (ref: WorkflowRef, callId: string, tier: Tier) => void;
  /** Publishes a call again that the watchdog found missing. */
  publish: (call: DealtCall) => Promise<void>;
  depth: () => Record<Tier, { ready: number; sent: number }>;
  stop: () => Promise<void>;
}

export interface DispatcherParts {
  bus: Bus;
  queue: CallQueue;
  /** Live slots of a tier, over all its workers. */
  slots: (tier: Tier) => number;
  /** When the stream of calls was made: the same name made anew has lost what it held. */
  incarnation: () => Promise<string>;
  reach: (label: string) => void;
  onError: (error: unknown) => void;
}

/**
 * Deals calls from the ready queues to the bus, one tenant after the other, so that the stream stays shallow and a
 * tenant with ten thousand calls stands in its own line.
 */
export function startDispatcher(parts: DispatcherParts): Dispatcher {
  const confirmations = createConfirmations(parts);
  const lanes: Record<Tier, Lane> = { tool: createLane(parts, confirmations, 'tool'), model: createLane(parts, confirmations, 'model') };
  const timer = setInterval(() => {
    for (const lane of Object.values(lanes)) void lane.refresh().catch(parts.onError);
  }, TICK_MS);

  return {
    kick: (ref, tier) => lanes[tier].kick(partitionOfRef(ref)),
    closed: (ref, callId, tier) => {
      confirmations.drop(ref, callId);
      lanes[tier].freed();
    },
    publish: (call) => publish(parts, confirmations, call),
    depth: () => ({ tool: lanes.tool.depth(), model: lanes.model.depth() }),
    stop: async () => {
      clearInterval(timer);
      await Promise.all([lanes.tool.stop(), lanes.model.stop()]);
      await confirmations.settle();
    },
  };
}

interface Depth {
  ready: number;
  sent: number;
}

/** The calls of one tier. The tiers are dealt side by side: a full one holds up no other. */
interface Lane {
  kick: (partition: number) => void;
  freed: () => void;
  /** Calls may be ready that no commit of this process made so: another orchestrator died before it dealt them. */
  refresh: () => Promise<void>;
  depth: () => Depth;
  stop: () => Promise<void>;
}

function createLane(parts: DispatcherParts, confirmations: Confirmations, tier: Tier): Lane {
  const wanted = new Set<number>();
  let depth: Depth = { ready: 0, sent: 0 };
  let running: Promise<void> | null = null;
  let turn = 0;
  let stopped = false;

  const room = (): number => Math.max(LEAST_AHEAD, AHEAD * parts.slots(tier)) - depth.sent;

  const publishing = new Set<Promise<void>>();

  async function deal(): Promise<void> {
    while (!stopped && wanted.size > 0) {
      if (room() <= 0) {
        depth = await parts.queue.depth(tier);
        if (room() <= 0) break;
      }
      const partitions = [...wanted];
      turn += 1;
      for (let index = 0; index < partitions.length && room() > 0; index += 1) {
        const partition = partitions[(index + turn) % partitions.length];
        if (partition === undefined) continue;
        const share = Math.max(1, Math.min(DEAL_SIZE, Math.ceil(room() / partitions.length)));
        // Before the look: what becomes ready during it asks for the partition again.
        wanted.delete(partition);
        const calls = await parts.queue.deal(partition, tier, share);
        if (calls.length === share) wanted.add(partition);
        depth.sent += calls.length;
        startPublishing(parts, confirmations, calls, publishing);
      }
    }
  }

  function run(): void {
    if (stopped || running) return;
    running = deal()
      .catch(parts.onError)
      .finally(() => {
        running = null;
        if (wanted.size > 0 && room() > 0) run();
      });
  }

  const wantAll = (): void => PARTITIONS.forEach((partition) => wanted.add(partition));

  return {
    kick: (partition) => {
      wanted.add(partition);
      run();
    },
    freed: () => {
      depth.sent = Math.max(0, depth.sent - 1);
      // Nothing was ready when we looked last, and what became so since asked for its partition itself.
      if (depth.ready === 0 && wanted.size === 0) return;
      if (depth.ready > 0) wantAll();
      run();
    },
    refresh: async () => {
      if (running) return;
      depth = await parts.queue.depth(tier);
      if (depth.ready === 0) return;
      wantAll();
      run();
    },
    depth: () => depth,
    stop: async () => {
      stopped = true;
      await running;
      await Promise.all(publishing);
    },
  };
}

/** A publish that fails is not lost: the call has its due entry, and the sweeper publishes it again. */
function startPublishing(parts: DispatcherParts, confirmations: Confirmations, calls: readonly DealtCall[], publishing: Set<Promise<void>>): void {
  for (const call of calls) {
    const task: Promise<void> = publish(parts, confirmations, call).catch(parts.onError).finally(() => publishing.delete(task));
    publishing.add(task);
  }
}

async function publish({ bus, reach }: DispatcherParts, confirmations: Confirmations, call: DealtCall): Promise<void> {
  const envelope: CallEnvelope = JSON.parse(call.spec);
  const { tenant, workflowId } = call.ref;
  const subject = envelope.tier === 'tool' ? subjects.toolCall(tenant, workflowId) : subjects.modelCall(tenant, workflowId);
  const messageId = `${tenant}:${workflowId}:${envelope.stepId}:${envelope.attempt}${call.published > 0 ? `:r${call.published}` : ''}`;
  const headers = envelope.traceparent ? { [HEADERS.traceparent]: envelope.traceparent } : undefined;
  const ack = await bus.publish(subject, envelope.body, { workflowId, messageId, ...(headers ? { headers } : {}) });
  reach('orchestrator.after-publish-before-confirm');
  confirmations.add(call.ref, call.callId, ack.seq);
}
