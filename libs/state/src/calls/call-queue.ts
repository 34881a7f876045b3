import { PRIORITIES, type Priority } from '@trivet/contracts';
import { formatMember, keys, parseMember, partitionOfRef, PARTITIONS, type DueMember, type Tier, type WorkflowRef } from '../keys.js';
import { defineScript, withRedis, type Redis } from '../redis.js';
import { CONFIRM_LUA, DEAL_LUA, DROP_TIMER_LUA, INSPECT_LUA, SET_ASIDE_LUA, SWEEP_LUA } from './calls.lua.js';

/** How long after dealing a call the watchdog looks whether the broker confirmed it. */
export const UNCONFIRMED_MS = 650;
/** How long after confirmation it looks whether a worker claimed it. */
export const UNCLAIMED_MS = 3_000;
/** Short: what was hidden while the broker was away is looked at this soon after its return. Long enough that a call published again is confirmed by then. */
const HIDE_MS = 1_000;

export interface DealtCall {
  ref: WorkflowRef;
  callId: string;
  /** The message to publish, as JSON. */
  spec: string;
  /** How often it was published before; part of the message id when not 0. */
  published: number;
}

export type Inspection =
  | { status: 'gone' }
  | { status: 'held'; worker: string; epoch: number }
  /** A worker published its result, as this message of RESULTS. */
  | { status: 'reported'; worker: string; epoch: number; resultSeq: number }
  | { status: 'queued' }
  | { status: 'publish'; spec: string; published: number };

/** What is due, and until when it is hidden from other sweepers. */
export type SweptMember = DueMember & { hiddenUntil: number };

export interface CallQueue {
  /** Takes up to `most` calls of one partition out of the ready queues, one tenant after the other. */
  /** Higher classes first; with `lowestFirst` the other way round, so that a low one is never starved. */
  deal: (partition: number, tier: Tier, most: number, options?: { weights?: ReadonlyMap<string, number>; lowestFirst?: boolean }) => Promise<DealtCall[]>;
  confirm: (ref: WorkflowRef, callId: string, seq: number, incarnation: string) => Promise<void>;
  /** Takes a dealt call that nobody could take out of what is under way; the watchdog looks at it again after `delayMs`. */
  setAside: (ref: WorkflowRef, callId: string, tier: Tier, delayMs: number) => Promise<void>;
  /** What is due in a partition, hidden from other sweepers for a moment. */
  sweep: (partition: number, most: number) => Promise<SweptMember[]>;
  inspect: (ref: WorkflowRef, callId: string, tier: Tier, stream: { incarnation: string; ackFloor: number }) => Promise<Inspection>;
  /** A timer was seen to; one that was set anew meanwhile stays. */
  dropTimer: (ref: WorkflowRef, timer: string, hiddenUntil: number) => Promise<void>;
  /** Calls ready and calls dealt and not finished, over all partitions. */
  depth: (tier: Tier) => Promise<{ ready: number; sent: number }>;
  tierOf: (ref: WorkflowRef, callId: string) => Promise<Tier | null>;
}

const dealScript = defineScript(DEAL_LUA);
const confirmScript = defineScript(CONFIRM_LUA);
const setAsideScript = defineScript(SET_ASIDE_LUA);
const sweepScript = defineScript(SWEEP_LUA);
const inspectScript = defineScript(INSPECT_LUA);
const dropTimerScript = defineScript(DROP_TIMER_LUA);

export function createCallQueue(redis: Redis): CallQueue {
  return {
    deal: async (partition, tier, most, { weights = new Map(), lowestFirst = false } = {}) => {
      const classes = lowestFirst ? [...PRIORITIES].reverse() : PRIORITIES;
      const turns = classes.map((priority) => keys.turns(partition, tier, priority));
      const prefixes = classes.map((priority) => keys.queue(partition, tier, '', priority));
      const flat = await dealScript.run(redis, [keys.due(partition), keys.sent(partition, tier), ...turns], [most, UNCONFIRMED_MS, `{w${partition}}:call:`, JSON.stringify(Object.fromEntries(weights)), ...prefixes, keys.partition(partition)]);
      return dealtCalls(flat);
    },
    confirm: async (ref, callId, seq, incarnation) => {
      const member = formatMember({ kind: 'call', ref, callId });
      await confirmScript.run(redis, [keys.call(ref, callId), keys.due(partitionOfRef(ref))], [member, seq, incarnation, UNCLAIMED_MS]);
    },
    setAside: async (ref, callId, tier, delayMs) => {
      const partition = partitionOfRef(ref);
      await setAsideScript.run(redis, [keys.call(ref, callId), keys.due(partition), keys.sent(partition, tier)], [formatMember({ kind: 'call', ref, callId }), delayMs]);
    },
    sweep: async (partition, most) => {
      const reply = await sweepScript.run(redis, [keys.due(partition)], [most, HIDE_MS]);
      const [hiddenUntil, members] = Array.isArray(reply) ? reply : [];
      if (!Array.isArray(members)) return [];
      return members.map(String).map(parseMember).flatMap((member) => (member ? [{ ...member, hiddenUntil: Number(hiddenUntil) }] : []));
    },
    inspect: async (ref, callId, tier, stream) => {
      const partition = partitionOfRef(ref);
      const keyNames = [keys.call(ref, callId), keys.claim(ref, callId), keys.due(partition), keys.sent(partition, tier)];
      const reply = await inspectScript.run(redis, keyNames, [formatMember({ kind: 'call', ref, callId }), stream.incarnation, stream.ackFloor, UNCLAIMED_MS]);
      return inspectionOf(reply);
    },
    dropTimer: async (ref, timer, hiddenUntil) => {
      await dropTimerScript.run(redis, [keys.due(partitionOfRef(ref))], [formatMember({ kind: 'timer', ref, timer }), hiddenUntil]);
    },
    depth: (tier) => readDepth(redis, tier),
    tierOf: async (ref, callId) => {
      const spec = await withRedis(() => redis.hget(keys.call(ref, callId), 'spec'));
      return spec === null ? null : specTier(spec);
    },
  };
}

/** The tier is part of the envelope that the orchestrator stores: `{"tier":"tool",…}`. */
function specTier(spec: string): Tier {
  const parsed: { tier?: unknown } = JSON.parse(spec);
  return parsed.tier === 'model' ? 'model' : 'tool';
}

async function readDepth(redis: Redis, tier: Tier): Promise<{ ready: number; sent: number }> {
  return withRedis(async () => {
    // One by one and not as a pipeline, whose single commands may fail without anybody noticing: a depth that is not a number has room for nothing and for everything.
    const [sent, queues] = await Promise.all([
      Promise.all(PARTITIONS.map((partition) => redis.scard(keys.sent(partition, tier)))),
      Promise.all(PARTITIONS.flatMap((partition) => PRIORITIES.map((priority) => queuesInTurn(redis, partition, tier, priority)))),
    ]);
    const lengths = await Promise.all(queues.flat().map((queue) => redis.llen(queue)));
    return { ready: total(lengths), sent: total(sent) };
  });
}

async function queuesInTurn(redis: Redis, partition: number, tier: Tier, priority: Priority): Promise<string[]> {
  const tenants = await redis.lrange(keys.turns(partition, tier, priority), 0, -1);
  return tenants.map((tenant) => keys.queue(partition, tier, tenant, priority));
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);

function dealtCalls(flat: unknown): DealtCall[] {
  const values = Array.isArray(flat) ? flat.map(String) : [];
  const calls: DealtCall[] = [];
  for (let index = 0; index + 2 < values.length; index += 3) {
    const member = parseMember(values[index] ?? '');
    if (member?.kind === 'call') calls.push({ ref: member.ref, callId: member.callId, spec: values[index + 1] ?? '', published: Number(values[index + 2]) });
  }
  return calls;
}

function inspectionOf(reply: unknown): Inspection {
  const [status, first, second, third] = Array.isArray(reply) ? reply : [];
  if (status === 'REPORTED') return { status: 'reported', worker: String(first), epoch: Number(second), resultSeq: Number(third) };
  if (status === 'HELD') return { status: 'held', worker: String(first), epoch: Number(second) };
  if (status === 'QUEUED') return { status: 'queued' };
  if (status === 'PUBLISH') return { status: 'publish', spec: String(first), published: Number(second) };
  return { status: 'gone' };
}
