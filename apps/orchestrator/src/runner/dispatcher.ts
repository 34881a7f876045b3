import { HEADERS } from '@trivet/contracts';
import { subjects, type Bus } from '@trivet/bus';
import { partitionOfRef, type CallQueue, type DealtCall, type Tier, type WorkflowRef } from '@trivet/state';
import type { CallEnvelope } from './change.js';
import { createConfirmations, type Confirmations } from './confirmations.js';
import { createLane, type Lane } from './lane.js';

const TICK_MS = 250;
/** How soon a call is looked at again whose tool no executor has; later each time, but never later than this. */
const ASIDE_MS = 1_000;
const LONGEST_ASIDE_MS = 15_000;

export interface Dispatcher {
  /** Deals what a commit made ready. */
  kick: (ref: WorkflowRef, tier: Tier) => void;
  /** A call has ended: there is room for another. `ranMs`: how long it ran, where that is known. */
  closed: (ref: WorkflowRef, callId: string, tier: Tier, ranMs?: number) => void;
  /** Whether a call of this tier could go at once: there is room, and nobody stands in line. */
  hasRoom: (tier: Tier) => boolean;
  /** Publishes a call that was dealt with its commit. */
  send: (call: DealtCall) => void;
  /** Publishes a call again that the watchdog found missing. */
  publish: (call: DealtCall) => Promise<void>;
  depth: () => Record<Tier, { ready: number; sent: number }>;
  stop: () => Promise<void>;
}

export interface DispatcherParts {
  bus: Bus;
  queue: CallQueue;
  /** How many calls a tenant is dealt in its turn, where that is not one. */
  weights: () => ReadonlyMap<string, number>;
  /** Live slots of a tier, over all its workers. */
  slots: (tier: Tier) => number;
  /** Calls that wait for somebody outside and use no slot, over all workers of the tier. */
  waiting: (tier: Tier) => number;
  /** Tools that come with executors, but with none that takes calls now. */
  missingTools: () => ReadonlySet<string>;
  /** When the stream of calls was made: the same name made anew has lost what it held. */
  incarnation: () => Promise<string>;
  /** With a strict journal: resolves when what was committed of a workflow may be seen outside. */
  visible?: ((ref: WorkflowRef, seq: number) => Promise<void>) | undefined;
  reach: (label: string) => void;
  onError: (error: unknown) => void;
}

/**
 * Deals calls from the ready queues to the bus, one tenant after the other, so that the stream stays shallow and a
 * tenant with ten thousand calls stands in its own line.
 */
export function startDispatcher(parts: DispatcherParts): Dispatcher {
  const confirmations = createConfirmations(parts);
  const send = (call: DealtCall): Promise<void> => publish(parts, confirmations, call);
  const lanes: Record<Tier, Lane> = { tool: createLane(parts, 'tool', send), model: createLane(parts, 'model', send) };
  const timer = setInterval(() => {
    for (const lane of Object.values(lanes)) void lane.refresh().catch(parts.onError);
  }, TICK_MS);

  return {
    kick: (ref, tier) => lanes[tier].kick(partitionOfRef(ref)),
    closed: (ref, callId, tier, ranMs) => {
      confirmations.drop(ref, callId);
      lanes[tier].freed(ranMs);
    },
    hasRoom: (tier) => lanes[tier].hasRoom(),
    send: (call) => lanes[specTier(call)].send(call),
    publish: send,
    depth: () => ({ tool: lanes.tool.depth(), model: lanes.model.depth() }),
    stop: async () => {
      clearInterval(timer);
      await Promise.all([lanes.tool.stop(), lanes.model.stop()]);
      await confirmations.settle();
    },
  };
}

/** The tier stands first in every envelope, so that it is known without reading the rest. */
const specTier = ({ spec }: DealtCall): Tier => (spec.startsWith('{"tier":"model"') ? 'model' : 'tool');

const BODY = ',"body":';

/** The body stands last in every envelope, and goes out as the text it is. */
function openEnvelope(spec: string): { envelope: Omit<CallEnvelope, 'body'>; body: string } {
  const at = spec.indexOf(BODY);
  if (at < 0) throw new RangeError(`A call without a body: ${spec.slice(0, 100)}`);
  return { envelope: JSON.parse(`${spec.slice(0, at)}}`), body: spec.slice(at + BODY.length, -1) };
}

async function publish(parts: DispatcherParts, confirmations: Confirmations, call: DealtCall): Promise<void> {
  const { bus, reach, visible, queue } = parts;
  await visible?.(call.ref, 1);
  const { envelope, body } = openEnvelope(call.spec);
  if (envelope.tier === 'tool' && isForNobody(parts.missingTools(), body)) return queue.setAside(call.ref, call.callId, 'tool', Math.min(LONGEST_ASIDE_MS, ASIDE_MS * (1 + call.published)));
  const { tenant, workflowId } = call.ref;
  const subject = envelope.tier === 'tool' ? subjects.toolCall(tenant, workflowId) : subjects.modelCall(tenant, workflowId);
  const messageId = `${tenant}:${workflowId}:${envelope.stepId}:${envelope.attempt}${call.published > 0 ? `:r${call.published}` : ''}`;
  const headers = envelope.traceparent ? { [HEADERS.traceparent]: envelope.traceparent } : undefined;
  const ack = await bus.publish(subject, body, { isText: true, workflowId, messageId, ...(headers ? { headers } : {}) });
  reach('orchestrator.after-publish-before-confirm');
  confirmations.add(call.ref, call.callId, ack.seq);
}

/** Whether no executor could run a call. Tools that tenants uploaded, which are pinned to a version, run on every one. */
function isForNobody(missing: ReadonlySet<string>, body: string): boolean {
  // Hardly ever is there any, and nothing has to be read.
  if (missing.size === 0) return false;
  const { tool, version }: { tool?: string; version?: string } = JSON.parse(body);
  return tool !== undefined && version === undefined && missing.has(tool);
}
