import { UNCONFIRMED_MS } from '../calls/call-queue.js';
import { FailureError } from '@trivet/contracts';
import { formatApproval, keys, PARTITIONS, tagOf, type Tier, type WorkflowRef } from '../keys.js';
import { defineScript, failureOfReply, withRedis, type Redis } from '../redis.js';
import { gather, runMany, slotOf } from '../gather.js';
import { COMMIT_LUA } from './commit.lua.js';
import { usageField, type UsedByCall } from './usage.js';

/** A call that may run: it becomes an entry of its tenant's ready queue. */
export interface CallToSchedule {
  callId: string;
  tier: Tier;
  priority: string;
  /** The message to publish when its turn comes, as JSON. */
  spec: string;
  /** There is room for it now: it may be dealt with the commit, unless others stand in line. */
  direct?: boolean;
}

/** A call whose worker died: guarded by the claim it had, so that a result that came in between wins. */
export interface CallToReopen {
  callId: string;
  tier: Tier;
  priority: string;
  worker: string;
  epoch: number;
}

/** All that one transition of a workflow changes. */
export interface Change {
  ref: WorkflowRef;
  /** 0 creates the workflow. */
  expectedVersion: number;
  /** Recognises the repeat of this very commit after a reconnect. */
  opId: string;
  head: string;
  status: string;
  /** Changed steps only, as JSON by id. */
  steps: Record<string, string>;
  /** New events, as JSON, in order. */
  events: string[];
  /** Number of events after this commit. */
  seq: number;
  /** Hash of the last event. */
  chain: string;
  schedule: CallToSchedule[];
  close: { callId: string; tier: Tier; priority: string }[];
  reopen: CallToReopen[];
  /** What this is about, if it is a loss: guarded by the claim that was lost, also when nothing is reopened. Of two that notice it one counts it. */
  lost?: Pick<CallToReopen, 'callId' | 'worker' | 'epoch'>;
  timers: { timer: string; delayMs: number }[];
  clearTimers: string[];
  /** Approvals that are asked for, and those that need no answer any more. */
  asked: { approvalId: string; stepId: string }[];
  answered: { approvalId: string; stepId: string }[];
  /** What its events say that model calls used; counted once, whatever is restored. */
  used?: UsedByCall[];
  nowMs: number;
  /** Written from the journal, into a partition that is frozen; its events are there already. */
  restored?: boolean;
  /** Of a new workflow: what never changes; the accounts of users and sessions it is charged to, as `user/ann`. */
  created?: { task: string; hash: string; createdMs: number; accounts?: string[] };
  /** Of a finished one: for how long its record is kept, and its body hash. */
  finished?: { hash: string; keepMs: number; tombstoneMs: number };
}

export type CommitOutcome =
  /** `dealt`: calls that are dealt already and have to be published now. */
  | { status: 'committed'; version: number; dealt: string[] }
  /** It was made before, and its answer was lost; `moved`: others have committed since. */
  | { status: 'replayed'; version: number; moved: boolean }
  | { status: 'conflict'; version: number }
  | { status: 'exists'; hash: string; workflowStatus: string }
  /** The claim of a call is not the one that was lost. */
  | { status: 'guarded' };

export interface StoredWorkflow {
  version: number;
  head: string;
  task: string;
  /** As JSON by id. */
  steps: ReadonlyMap<string, string>;
  seq: number;
  chain: string;
  hash: string;
}

/** KEYS: workflow, events · ARGV: seq · Returns version, chain, the event at seq, the events after it; or nothing. */
const SINCE_LUA = `
local record = redis.call('HMGET', KEYS[1], 'v', 'chain')
if not record[1] then return false end
local seq = tonumber(ARGV[1])
local reply = { record[1], record[2], redis.call('LINDEX', KEYS[2], seq - 1) or '' }
for _, event in ipairs(redis.call('LRANGE', KEYS[2], seq, -1)) do reply[#reply + 1] = event end
return reply`;
const sinceScript = defineScript(SINCE_LUA);
const commitScript = defineScript(COMMIT_LUA);

export interface WorkflowStore {
  commit: (change: Change) => Promise<CommitOutcome>;
  load: (ref: WorkflowRef) => Promise<StoredWorkflow | null>;
  /**
   * What happened since `seq`: the events after it with the version they make, and the hash of the event at `seq`, by which
   * the caller knows that it is still the same history. Null when there is no such workflow.
   */
  loadSince: (ref: WorkflowRef, seq: number) => Promise<{ version: number; events: string[]; chain: string; chainAtSeq: string } | null>;
  /** Events with seq > after, in order. */
  readEvents: (ref: WorkflowRef, after: number, limit: number) => Promise<string[]>;
  /** Newest first; ids older than the cursor's (createdMs, id). */
  list: (tenant: string, options: { before?: { createdMs: number; workflowId: string }; limit: number }) => Promise<{ workflowId: string; createdMs: number }[]>;
  loadHeads: (tenant: string, workflowIds: readonly string[]) => Promise<({ head: string; task: string; status: string } | null)[]>;
  /** By which a reader knows whether what it keeps of a workflow is still so. */
  loadVersions: (tenant: string, workflowIds: readonly string[]) => Promise<(number | null)[]>;
  /** How many workflows of all tenants have not ended. */
  countActive: () => Promise<number>;
}

/** @param options.guarded: commits only to partitions that are open */
export function createWorkflowStore(redis: Redis, options: { guarded?: boolean } = {}): WorkflowStore {
  const commits = gather<Change, unknown>({
    groupOf: (change) => slotOf(redis, change.ref),
    run: async (changes) => runMany(commitScript, redis, changes[0] ? [keys.workflow(changes[0].ref)] : [], changes.flatMap((change) => encodeChange(change, options.guarded === true))),
  });
  return {
    commit: async (change) => outcomeOf(await commits(change)),
    load: async (ref) =>
      withRedis(async () => {
        // Together, or a commit in between would give the steps of one version under the number of another.
        const [record, steps] = await hashesTogether(redis, [keys.workflow(ref), keys.steps(ref)]);
        if (record?.['v'] === undefined) return null;
        return { version: Number(record['v']), head: record['head'] ?? '{}', task: record['task'] ?? '{}', steps: new Map(Object.entries(steps ?? {})), seq: Number(record['seq'] ?? 0), chain: record['chain'] ?? '', hash: record['hash'] ?? '' };
      }),
    loadSince: async (ref, seq) => {
      const reply = await sinceScript.run(redis, [keys.workflow(ref), keys.events(ref)], [seq]);
      if (!Array.isArray(reply)) return null;
      const [version, chain, before, ...events] = reply.map(String);
      const known: { hash?: unknown } = before ? JSON.parse(before) : {};
      return { version: Number(version), events, chain: chain ?? '', chainAtSeq: typeof known.hash === 'string' ? known.hash : '' };
    },
    readEvents: (ref, after, limit) => withRedis(() => redis.lrange(keys.events(ref), after, after + limit - 1)),
    list: (tenant, options) => listWorkflows(redis, tenant, options),
    loadHeads: (tenant, workflowIds) =>
      withRedis(() =>
        Promise.all(
          workflowIds.map(async (workflowId) => {
            const [head, task, status] = await redis.hmget(keys.workflow({ tenant, workflowId }), 'head', 'task', 'status');
            return head && task && status ? { head, task, status } : null;
          }),
        ),
      ),
    loadVersions: (tenant, workflowIds) =>
      withRedis(() => Promise.all(workflowIds.map(async (workflowId) => numberOf(await redis.hget(keys.workflow({ tenant, workflowId }), 'v'))))),
    countActive: () => withRedis(async () => (await Promise.all(PARTITIONS.map((partition) => redis.scard(keys.active(partition))))).reduce((total, size) => total + size, 0)),
  };
}

const numberOf = (text: string | null): number | null => (text === null ? null : Number(text));

async function hashesTogether(redis: Redis, names: readonly string[]): Promise<Record<string, string>[]> {
  const transaction = redis.multi();
  for (const name of names) transaction.hgetall(name);
  const replies = (await transaction.exec()) ?? [];
  return replies.map(([error, hash]) => {
    if (error) throw error;
    return Object.fromEntries(Object.entries(hash ?? {}).map(([field, value]) => [field, String(value)]));
  });
}

async function listWorkflows(redis: Redis, tenant: string, options: { before?: { createdMs: number; workflowId: string }; limit: number }): Promise<{ workflowId: string; createdMs: number }[]> {
  const highest = options.before ? String(options.before.createdMs) : '+inf';
  const perPartition = await withRedis(() => Promise.all(PARTITIONS.map((partition) => redis.zrevrangebyscore(keys.list(partition, tenant), highest, '-inf', 'WITHSCORES', 'LIMIT', 0, options.limit + 1))));
  const found = perPartition.flatMap((flat) => {
    const pairs: { workflowId: string; createdMs: number }[] = [];
    for (let index = 0; index + 1 < flat.length; index += 2) pairs.push({ workflowId: flat[index] ?? '', createdMs: Number(flat[index + 1]) });
    return pairs;
  });
  const { before } = options;
  return found
    .filter((entry) => !before || entry.createdMs < before.createdMs || (entry.createdMs === before.createdMs && entry.workflowId < before.workflowId))
    .sort((left, right) => right.createdMs - left.createdMs || (left.workflowId < right.workflowId ? 1 : -1))
    .slice(0, options.limit);
}

/** A commit as the script takes it: how many texts it has, what decides, and then each list with its length in front. */
function encodeChange(change: Change, guarded: boolean): (string | number)[] {
  const { ref } = change;
  const texts: (string | number)[] = [0, ...decisiveTexts(change, guarded)];
  const list = <Item>(items: readonly Item[], ...fields: readonly ((item: Item) => string | number)[]): void => {
    texts.push(items.length);
    for (const item of items) for (const field of fields) texts.push(field(item));
  };
  list(Object.keys(change.steps), (id) => id, (id) => change.steps[id] ?? '');
  list(change.events, (event) => event);
  const guards: readonly NonNullable<Change['lost']>[] = change.lost ? [...change.reopen, change.lost] : change.reopen;
  list(guards, ({ callId }) => callId, ({ epoch }) => epoch, ({ worker }) => worker);
  list(change.close, ({ callId }) => callId, ({ tier }) => tier, ({ priority }) => priority);
  list(change.schedule, ({ callId }) => callId, ({ tier }) => tier, ({ priority }) => priority, ({ direct }) => (direct ? 1 : 0), ({ spec }) => spec);
  list(change.reopen, ({ callId }) => callId, ({ tier }) => tier, ({ priority }) => priority, ({ worker }) => worker);
  list(change.timers, ({ timer }) => timer, ({ delayMs }) => Math.max(0, Math.round(delayMs)));
  list(change.clearTimers, (timer) => timer);
  list(change.answered, (approval) => formatApproval(ref, approval));
  list(change.asked, (approval) => formatApproval(ref, approval));
  list(change.used ?? [], ({ seq }) => seq, ({ day }) => day, usageField, ({ calls }) => calls, ({ inputTokens }) => inputTokens, ({ outputTokens }) => outputTokens, ({ nanoUsd }) => nanoUsd);
  list(change.created?.accounts ?? [], (account) => account);
  texts[0] = texts.length;
  return texts;
}

/** In the order in which the script takes them. */
function decisiveTexts(change: Change, guarded: boolean): (string | number)[] {
  const { ref, created, finished, restored } = change;
  const hash = created?.hash ?? finished?.hash ?? '';
  const keepMs = finished?.keepMs ?? 0;
  return [
    change.expectedVersion, change.opId, tagOf(ref), ref.tenant, ref.workflowId,
    change.status, change.seq, change.chain, hash, created?.createdMs ?? 0,
    restored ? change.seq : 0, guarded && !restored ? 1 : 0, keepMs, keepMs + (finished?.tombstoneMs ?? 0), change.nowMs, UNCONFIRMED_MS,
    change.head, created?.task ?? '',
  ];
}

function outcomeOf(reply: unknown): CommitOutcome {
  const [status, first, second, ...rest] = Array.isArray(reply) ? reply : [];
  if (status === 'OK') return { status: 'committed', version: Number(first), dealt: second === undefined ? [] : [second, ...rest].map(String) };
  if (status === 'REPLAY') return { status: 'replayed', version: Number(first), moved: second === 'moved' };
  if (status === 'EXISTS') return { status: 'exists', hash: String(first), workflowStatus: String(second) };
  if (status === 'GUARD') return { status: 'guarded' };
  if (status === 'FROZEN') throw new FailureError('unavailable', 'Redis is being compared with the journal; nothing is changed until that is done.');
  if (status === 'CONFLICT') return { status: 'conflict', version: Number(first) };
  throw failureOfReply(String(first));
}
