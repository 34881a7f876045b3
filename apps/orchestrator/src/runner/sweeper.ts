import type { Bus } from '@trivet/bus';
import { CONSUMERS } from '@trivet/contracts';
import { PARTITIONS, type CallQueue, type Claims, type SweptMember, type Tier, type WorkflowRef } from '@trivet/state';
import type { Children } from './children.js';
import type { Dispatcher } from './dispatcher.js';
import type { Liveness } from './liveness.js';
import { BEGIN_TIMER } from '../workflow/state.js';
import type { Runner } from './runner.js';

const TICK_MS = 200;
const MOST_A_SWEEP = 200;

export interface SweeperParts {
  bus: Bus;
  queue: CallQueue;
  claims: Claims;
  dispatcher: Dispatcher;
  liveness: Liveness;
  runner: Runner;
  /** Begins a workflow that stands accepted because whoever accepted it died. */
  begin: (ref: WorkflowRef) => Promise<void>;
  children: Pick<Children, 'lookAfter'>;
  onError: (error: unknown) => void;
}

/**
 * The one watchdog over the due set. It recovers everything: a publish that was lost, a message that was lost, a
 * worker that is gone, a timer. Any number of orchestrators may sweep: what one looks at is hidden from the others.
 */
export function startSweeper(parts: SweeperParts): { stop: () => Promise<void> } {
  let stopped = false;
  let running: Promise<void> | null = null;

  async function sweep(): Promise<void> {
    for (const partition of PARTITIONS) {
      const due = await parts.queue.sweep(partition, MOST_A_SWEEP);
      if (due.length === 0) continue;
      const streams = due.some((member) => member.kind === 'call') ? await knownStreams() : null;
      await Promise.all(due.map((member) => look(member, streams).catch(parts.onError)));
    }
  }

  /** Without them calls wait until the broker is back; what is due besides needs no broker. */
  async function knownStreams(): Promise<CallStreams | null> {
    if (!parts.bus.isConnected()) return null;
    return callStreams(parts.bus).catch((error: unknown) => {
      parts.onError(error);
      return null;
    });
  }

  async function look(member: SweptMember, streams: CallStreams | null): Promise<void> {
    if (member.kind === 'timer') {
      if (member.timer === BEGIN_TIMER) await parts.begin(member.ref);
      else if ((await parts.runner.deliver(member.ref, { type: 'timer', timer: member.timer })) !== 'applied') await parts.children.lookAfter(member.ref, member.timer);
      await parts.queue.dropTimer(member.ref, member.timer, member.hiddenUntil);
      return;
    }
    if (streams) await lookAtCall(member.ref, member.callId, streams);
  }

  async function lookAtCall(ref: WorkflowRef, callId: string, streams: CallStreams): Promise<void> {
    const tier = (await parts.queue.tierOf(ref, callId)) ?? 'tool';
    const found = await parts.queue.inspect(ref, callId, tier, { incarnation: streams.incarnation, ackFloor: streams.ackFloor[tier] });
    if (found.status === 'publish') await parts.dispatcher.publish({ ref, callId, spec: found.spec, published: found.published });
    if (found.status === 'held' && (await parts.liveness.isGone(found.worker))) {
      await parts.runner.deliver(ref, { type: 'worker-lost', callId, worker: found.worker, epoch: found.epoch });
    }
    // Asked again after the look: the result may have been published since the streams were asked.
    if (found.status === 'reported' && isPast(streams, found.resultSeq) && isPast(await callStreams(parts.bus), found.resultSeq)) {
      await parts.runner.deliver(ref, { type: 'result-lost', callId, worker: found.worker, epoch: found.epoch });
    }
  }

  const timer = setInterval(() => {
    if (stopped || running) return;
    running = sweep().catch(parts.onError).finally(() => (running = null));
  }, TICK_MS);

  return {
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}

/** What the broker holds. */
interface CallStreams {
  incarnation: string;
  ackFloor: Record<Tier, number>;
  results: { lastSeq: number; ackFloor: number };
}

/** The orchestrators' consumer is past a result, or the stream was made anew: where its call has no result, that one is lost. */
const isPast = ({ results }: CallStreams, resultSeq: number): boolean => results.lastSeq < resultSeq || results.ackFloor >= resultSeq;

async function callStreams(bus: Bus): Promise<CallStreams> {
  const floors = await Promise.all([CONSUMERS.toolCalls, CONSUMERS.modelCalls, CONSUMERS.results].map(async ({ stream, durable }) => floorOf(await bus.consumerState(stream, durable))));
  const [calls, results] = await Promise.all([bus.streamState('CALLS'), bus.streamState('RESULTS')]);
  const [tool = 0, model = 0, result = 0] = floors;
  return { incarnation: calls.incarnation, ackFloor: { tool, model }, results: { lastSeq: results.lastSeq, ackFloor: result } };
}

/**
 * Up to where a consumer is done. One that has nothing left is done with everything: also with a message whose sequence the
 * stream has not reached, since the broker lost it when it went back to an older store, or was made anew between the
 * publish and its confirmation.
 */
const floorOf = ({ ackFloor, pending, ackPending }: { ackFloor: number; pending: number; ackPending: number }): number => (pending + ackPending === 0 ? Number.MAX_SAFE_INTEGER : ackFloor);
