import { formatMember, keys, parseMember, partitionOfRef, PARTITIONS, type WorkflowRef } from '../keys.js';
import { gather, groupBy, runMany, slotOf } from '../gather.js';
import { defineScript, withRedis, type Redis } from '../redis.js';
import { CLAIM_LUA, RELEASE_LUA, REPORT_LUA } from './calls.lua.js';

export type ClaimOutcome =
  | { status: 'claimed'; epoch: number }
  /** Another worker holds it. */
  | { status: 'busy'; worker: string }
  | { status: 'done' }
  /** No such call: it was cancelled, or ended long ago. */
  | { status: 'unknown' };

/** The fence around each call: a worker claims it before it runs it, so that a duplicate finds it taken or done. */
export interface Claims {
  claim: (ref: WorkflowRef, callId: string, worker: string, options?: { child?: boolean }) => Promise<ClaimOutcome>;
  /**
   * Ends a claim: `done` (a call made inside a tool, whose record is the worker's own), `open` (given back), `again`
   * (the same of a call made inside a tool, which may be asked once more), or
   * reported, with the sequence of the result in RESULTS (the orchestrator closes it with the commit of the result).
   */
  release: (ref: WorkflowRef, callId: string, worker: string, epoch: number, to: 'done' | 'open' | 'again' | { reported: number }) => Promise<void>;
  /** The same, a moment later and together with others: for a result that is safe with the broker. */
  releaseSoon: (ref: WorkflowRef, callId: string, worker: string, epoch: number, to: { reported: number }) => void;
  /** Resolves when all that was to be released soon is. */
  settled: () => Promise<void>;
  read: (ref: WorkflowRef, callId: string) => Promise<{ status: 'open' | 'held' | 'reported' | 'done'; worker: string | null; epoch: number; claimedAtMs: number | null } | null>;
  /** All calls that a worker holds. */
  heldBy: (worker: string) => Promise<{ ref: WorkflowRef; callId: string }[]>;
}

const claimScript = defineScript(CLAIM_LUA);
const releaseScript = defineScript(RELEASE_LUA);
const reportScript = defineScript(REPORT_LUA);

/** How long a release may wait for others. */
const RELEASE_WITHIN_MS = 200;

type Reported = Parameters<Claims['releaseSoon']>;

interface Claiming {
  ref: WorkflowRef;
  callId: string;
  worker: string;
  isChild: boolean;
}

/** All of one worker and one partition. */
async function reportAll(redis: Redis, held: string, calls: readonly Reported[]): Promise<void> {
  const claims = calls.map(([ref, callId]) => keys.claim(ref, callId));
  const figures = calls.flatMap(([ref, callId, , epoch, to]) => [String(epoch), formatMember({ kind: 'call', ref, callId }), to.reported]);
  await reportScript.run(redis, [held, ...claims], [calls[0]?.[2] ?? '', ...figures]);
}

export function createClaims(redis: Redis): Claims {
  const release: Claims['release'] = async (ref, callId, worker, epoch, to) => {
    const keyNames = [keys.claim(ref, callId), keys.held(partitionOfRef(ref), worker)];
    await releaseScript.run(redis, keyNames, [worker, String(epoch), formatMember({ kind: 'call', ref, callId }), ...(typeof to === 'string' ? [to] : ['reported', to.reported])]);
  };
  const claim = gather<Claiming, unknown>({
    groupOf: ({ ref }) => slotOf(redis, ref),
    run: (claiming) => runMany(claimScript, redis, claiming.flatMap(({ ref, callId, worker }) => [keys.claim(ref, callId), keys.held(partitionOfRef(ref), worker)]), claiming.flatMap(({ ref, callId, worker, isChild }) => [worker, formatMember({ kind: 'call', ref, callId }), isChild ? '1' : '0'])),
  });
  let waiting: Reported[] = [];
  let releasing: Promise<void> = Promise.resolve();
  const releaseAll = (): void => {
    const batch = waiting;
    waiting = [];
    const sets = groupBy(batch, ([ref, , worker]) => keys.held(partitionOfRef(ref), worker));
    // Those that fail are released by their worker's end, or closed with the commit of their result.
    releasing = Promise.all([...sets].map(([held, calls]) => reportAll(redis, held, calls).catch(() => undefined))).then(() => undefined);
  };

  return {
    release,
    releaseSoon: (...each) => {
      if (waiting.push(each) === 1) setTimeout(releaseAll, RELEASE_WITHIN_MS);
    },
    settled: async () => {
      if (waiting.length > 0) releaseAll();
      await releasing;
    },
    claim: async (ref, callId, worker, options = {}) => {
      const reply = await claim({ ref, callId, worker, isChild: options.child === true });
      const [status, first] = Array.isArray(reply) ? reply : [];
      if (status === 'OK') return { status: 'claimed', epoch: Number(first) };
      if (status === 'BUSY') return { status: 'busy', worker: String(first) };
      return { status: status === 'DONE' ? 'done' : 'unknown' };
    },
    read: async (ref, callId) => {
      const record = await withRedis(() => redis.hgetall(keys.claim(ref, callId)));
      const status = record['st'];
      if (status !== 'open' && status !== 'held' && status !== 'reported' && status !== 'done') return null;
      return { status, worker: record['w'] ?? null, epoch: Number(record['e'] ?? 0), claimedAtMs: record['at'] ? Number(record['at']) : null };
    },
    heldBy: async (worker) => {
      const sets = await withRedis(() => Promise.all(PARTITIONS.map((partition) => redis.smembers(keys.held(partition, worker)))));
      return sets.flat().flatMap((text) => {
        const member = parseMember(text);
        return member?.kind === 'call' ? [{ ref: member.ref, callId: member.callId }] : [];
      });
    },
  };
}
