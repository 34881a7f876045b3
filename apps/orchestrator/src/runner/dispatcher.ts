import { HEADERS } from '@trivet/contracts';
import { subjects, type Bus } from '@trivet/bus';
import { PARTITIONS, partitionOfRef, type CallQueue, type DealtCall, type Tier, type WorkflowRef } from '@trivet/state';
import type { CallEnvelope } from './change.js';

/** How far ahead of the live slots calls are dealt: enough to keep every slot busy, few enough to stay fair. */
const AHEAD = 2;
const LEAST_AHEAD = 8;
const TICK_MS = 100;
const DEAL_SIZE = 32;

export interface Dispatcher {
  /** Deals what a commit made ready, or what a finished call made room for. */
  kick: (ref: WorkflowRef, tier: Tier, freed?: number) => void;
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
  const depths: Record<Tier, { ready: number; sent: number }> = { tool: { ready: 0, sent: 0 }, model: { ready: 0, sent: 0 } };
  const wanted: Record<Tier, Set<number>> = { tool: new Set(), model: new Set() };
  const running: Record<Tier, Promise<void> | null> = { tool: null, model: null };
  let turn = 0;
  let stopped = false;

  async function publish(call: DealtCall): Promise<void> {
    const envelope: CallEnvelope = JSON.parse(call.spec);
    const { tenant, workflowId } = call.ref;
    const subject = envelope.tier === 'tool' ? subjects.toolCall(tenant, workflowId) : subjects.modelCall(tenant, workflowId);
    const messageId = `${tenant}:${workflowId}:${envelope.stepId}:${envelope.attempt}${call.published > 0 ? `:r${call.published}` : ''}`;
    const headers = envelope.traceparent ? { [HEADERS.traceparent]: envelope.traceparent } : undefined;
    const ack = await parts.bus.publish(subject, envelope.body, { workflowId, messageId, ...(headers ? { headers } : {}) });
    parts.reach('orchestrator.after-publish-before-confirm');
    await parts.queue.confirm(call.ref, call.callId, ack.seq, await parts.incarnation());
  }

  function room(tier: Tier): number {
    return Math.max(LEAST_AHEAD, AHEAD * parts.slots(tier)) - depths[tier].sent;
  }

  async function deal(tier: Tier): Promise<void> {
    const publishing = new Set<Promise<void>>();
    while (!stopped && wanted[tier].size > 0) {
      if (room(tier) <= 0) {
        depths[tier] = await parts.queue.depth(tier);
        if (room(tier) <= 0) break;
      }
      const partitions = [...wanted[tier]];
      turn += 1;
      for (let index = 0; index < partitions.length && room(tier) > 0; index += 1) {
        const partition = partitions[(index + turn) % partitions.length];
        if (partition === undefined) continue;
        const share = Math.max(1, Math.min(DEAL_SIZE, Math.ceil(room(tier) / partitions.length)));
        const calls = await parts.queue.deal(partition, tier, share);
        if (calls.length < share) wanted[tier].delete(partition);
        depths[tier].sent += calls.length;
        for (const call of calls) {
          // A publish that fails is not lost: the call has its due entry, and the sweeper publishes it again.
          const task: Promise<void> = publish(call).catch(parts.onError).finally(() => publishing.delete(task));
          publishing.add(task);
        }
      }
    }
    await Promise.all(publishing);
  }

  function run(tier: Tier): void {
    if (stopped || running[tier]) return;
    running[tier] = deal(tier)
      .catch(parts.onError)
      .finally(() => {
        running[tier] = null;
        if (wanted[tier].size > 0 && room(tier) > 0) run(tier);
      });
  }

  const timer = setInterval(() => {
    for (const tier of ['tool', 'model'] as const) void refresh(tier).catch(parts.onError);
  }, TICK_MS);

  /** Calls may be ready that no commit of this process made so: another orchestrator died before it dealt them. */
  async function refresh(tier: Tier): Promise<void> {
    if (running[tier]) return;
    depths[tier] = await parts.queue.depth(tier);
    if (depths[tier].ready === 0) return;
    for (const partition of PARTITIONS) wanted[tier].add(partition);
    run(tier);
  }

  return {
    kick: (ref, tier, freed = 0) => {
      depths[tier].sent = Math.max(0, depths[tier].sent - freed);
      wanted[tier].add(partitionOfRef(ref));
      if (depths[tier].ready > 0) for (const partition of PARTITIONS) wanted[tier].add(partition);
      run(tier);
    },
    publish,
    depth: () => depths,
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await Promise.all([running.tool, running.model]);
    },
  };
}
