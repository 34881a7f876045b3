import { ID_PATTERN, PARTITION_COUNT, partitionOf } from '@trivet/contracts';

export type Tier = 'tool' | 'model';

/** Which workflow: ids are per tenant, so both are needed everywhere. */
export interface WorkflowRef {
  tenant: string;
  workflowId: string;
}

/** A collection of what a tenant's tools remember. */
export interface MemoryRef {
  tenant: string;
  collection: string;
}

/**
 * Every key of a workflow carries the tag `{w<n>}` of its partition, so that state, history, timers, queues and
 * outbox change in one atomic step, on one Redis or on a cluster. This file is the only place where keys are built, but for
 * those that the commit script makes of the same parts (memory.int.spec.ts compares the two)
 * (the ledger's own, all tagged `{ledger}`, are beside it in ledger/ledger-keys.ts).
 */
export const keys = {
  /** HASH v, op, head, task, seq, chain, jn, hash, status */
  workflow: (ref: WorkflowRef): string => `${tagOf(ref)}:wf:${name(ref)}`,
  /** HASH step id → state */
  steps: (ref: WorkflowRef): string => `${tagOf(ref)}:steps:${name(ref)}`,
  /** LIST of events, index = seq − 1 */
  events: (ref: WorkflowRef): string => `${tagOf(ref)}:events:${name(ref)}`,
  /** STRING: the body hash of a workflow whose record has expired, or `erased` */
  tombstone: (ref: WorkflowRef): string => `${tagOf(ref)}:tomb:${name(ref)}`,
  /** HASH of the dispatch of one call */
  call: (ref: WorkflowRef, callId: string): string => `${tagOf(ref)}:call:${name(ref)}:${callId}`,
  /** HASH: who holds a call; the only state a worker may touch */
  claim: (ref: WorkflowRef, callId: string): string => `${tagOf(ref)}:claim:${name(ref)}:${callId}`,
  /** HASH key → JSON text, and #bytes: what the tools of a workflow keep */
  kv: (ref: WorkflowRef): string => `${tagOf(ref)}:kv:${name(ref)}`,
  /** HASH script → the memory its interpreter had as it began to wait */
  snapshots: (ref: WorkflowRef): string => `${tagOf(ref)}:snapshots:${name(ref)}`,
  /** SET of the calls one worker holds in one partition */
  held: (partition: number, worker: string): string => `${tag(partition)}:held:${worker}`,
  /** ZSET member → when to look at it (ms of Redis' clock): the one watchdog */
  due: (partition: number): string => `${tag(partition)}:due`,
  /** LIST of ready calls of one tenant in one class */
  queue: (partition: number, tier: Tier, tenant: string, priority: string): string => `${tag(partition)}:queue:${tier}:${priority}:${tenant}`,
  /** LIST of tenants with ready calls, in the order of their turns */
  turns: (partition: number, tier: Tier, priority: string): string => `${tag(partition)}:turns:${tier}:${priority}`,
  /** HASH tenant → the call of its that was dealt although there was no room */
  first: (partition: number, tier: Tier): string => `${tag(partition)}:first:${tier}`,
  /** SET of calls dealt to the bus and not finished */
  sent: (partition: number, tier: Tier): string => `${tag(partition)}:sent:${tier}`,
  /** ZSET of workflows with events that are not in the journal yet */
  journal: (partition: number): string => `${tag(partition)}:journal`,
  /** STRING: which orchestrator relays this partition's events */
  relay: (partition: number): string => `${tag(partition)}:relay`,
  /** ZSET workflow id → creation time */
  list: (partition: number, tenant: string): string => `${tag(partition)}:list:${tenant}`,
  /** SET `tenant|id` of workflows that have not ended, of all tenants: only counted */
  active: (partition: number): string => `${tag(partition)}:active`,
  /** HASH [model, template, user] and #c, #i, #o or #u → calls, input tokens, output tokens, nano-USD of a day (UTC) */
  usage: (partition: number, tenant: string, day: string): string => `${tag(partition)}:usage:${tenant}:${day}`,
  /** HASH tenant and #c, #i, #o or #u: the same of all tenants */
  usageOfTenants: (partition: number, day: string): string => `${tag(partition)}:usage:${day}`,
  /** ZSET `user/<id>` and `session/<id>`, all of one score: accounts that workflows are charged to, or that have limits */
  accounts: (partition: number, tenant: string): string => `${tag(partition)}:accounts:${tenant}`,
  /** STRING: the seq up to which what a workflow used is counted; outlives a restored record */
  counted: (ref: WorkflowRef): string => `${tagOf(ref)}:counted:${name(ref)}`,
  /** HASH state (open | frozen), run: whether the partition may be used, as checked for one run of the server */
  partition: (partition: number): string => `${tag(partition)}:partition`,
  /** STRING: up to where the journal is known to be in Redis */
  checkpoint: (): string => '{recovery}:checkpoint',
  /** HASH partition → a message of the journal that is marked as journaled */
  witnesses: (): string => '{recovery}:witnesses',
  /** HASH tenant → when it was erased, as the journal says: what an older copy holds of it is erased once, and no more what came since */
  erasedTenants: (): string => '{recovery}:erased',
  recoveryLease: (): string => '{recovery}:lease',
  /** ZSET approval → when it was asked for */
  approvals: (partition: number, tenant: string): string => `${tag(partition)}:approvals:${tenant}`,
  worker: (service: string, id: string): string => `{workers}:info:${service}:${id}`,
  workerIndex: (): string => '{workers}:index',
  workerTools: (id: string): string => `{workers}:tools:${id}`,
  workerQueue: (id: string): string => `{workers}:queue:${id}`,
  blob: (sha256: string): string => `blob:${sha256}`,
  tools: (): string => '{catalog}:tools',
  /** HASH name@version → an uploaded version */
  toolVersions: (tenant: string): string => `{catalog}:versions:${tenant}`,
  /** HASH name → the version it stands for */
  toolHeads: (tenant: string): string => `{catalog}:heads:${tenant}`,
  /** STRING: the bytes of a module */
  toolModule: (digest: string): string => `{catalog}:module:${digest}`,
  /** SET of tenants that uploaded a tool */
  toolTenants: (): string => '{catalog}:tenants',
  /** HASH name@version → body and authorship of an uploaded prompt */
  promptVersions: (tenant: string): string => `{prompts}:versions:${tenant}`,
  /** HASH name → its newest uploaded version */
  promptNewest: (tenant: string): string => `{prompts}:newest:${tenant}`,
  /** STRING: how many bytes the prompts of a tenant have */
  promptBytes: (tenant: string): string => `{prompts}:bytes:${tenant}`,
  /** HASH label → version (- where it was taken away), # and the number of the move; # → how many moves there were */
  promptLabels: (tenant: string, name: string): string => `{prompts}:labels:${tenant}:${name}`,
  /** SET of tenants that uploaded a prompt or moved a label */
  promptTenants: (): string => '{prompts}:tenants',
  /** STRING: the prompts that come with the model service */
  bundledPrompts: (): string => '{prompts}:bundled',
  /** HASH name → record of a file */
  files: (tenant: string): string => `{files}:of:${tenant}`,
  /** HASH name → its bytes */
  fileContents: (tenant: string): string => `{files}:contents:${tenant}`,
  /** HASH name → text of a file that is no text itself */
  fileTexts: (tenant: string): string => `{files}:texts:${tenant}`,
  /** SET of tenants that have files */
  fileTenants: (): string => '{files}:tenants',
  /** HASH entries, bytes of the tenant, and of each collection epoch:<c>, seq:<c>, floor:<c>, bytes:<c> */
  memoryMeta: (tenant: string): string => `{memory}:meta:${id(tenant)}`,
  /** HASH entry id → all but its text and its vector, as memory/entry-head.ts writes it */
  memoryHeads: (ref: MemoryRef): string => `{memory}:heads:${collection(ref)}`,
  /** HASH entry id → JSON of its text and metadata */
  memoryTexts: (ref: MemoryRef): string => `{memory}:texts:${collection(ref)}`,
  /** HASH entry id → its vector: Float32, little-endian */
  memoryVectors: (ref: MemoryRef): string => `{memory}:vectors:${collection(ref)}`,
  /** ZSET entry id → the change that wrote it last */
  memoryChanges: (ref: MemoryRef): string => `{memory}:changes:${collection(ref)}`,
  /** ZSET id of an entry that is gone → the change that took it away; the oldest are forgotten */
  memoryGone: (ref: MemoryRef): string => `{memory}:gone:${collection(ref)}`,
  /** ZSET entry id → when it expires */
  memoryExpiry: (ref: MemoryRef): string => `{memory}:expiry:${collection(ref)}`,
  /** ZSET tenant|collection → when its next entry expires */
  memoryDue: (): string => '{memory}:due',
  /** HASH schedule id → record */
  schedules: (tenant: string): string => `{schedules}:of:${tenant}`,
  /** ZSET tenant|id → when it is due */
  schedulesDue: (): string => '{schedules}:due',
  /** SET workflow|key that were let in */
  gateInside: (tenant: string): string => `{limits}:inside:${tenant}`,
  /** SET of workflow ids of one concurrency key that were let in; the key is any text */
  gateKeyInside: (tenant: string, key: string): string => `{limits}:inside:${tenant}:${key}`,
  /** ZSET workflow id → rank and time: the line of one key */
  gateLine: (tenant: string, key: string): string => `{limits}:line:${tenant}:${key}`,
  /** ZSET workflow id → when it was let in: for the rate */
  gateStarts: (tenant: string, key: string): string => `{limits}:starts:${tenant}:${key}`,
  /** SET of keys with anybody in line or inside */
  gateKeys: (tenant: string): string => `{limits}:keys:${tenant}`,
  gateTenants: (): string => '{limits}:tenants',
  /** HASH tenant → policy */
  policies: (): string => '{limits}:policies',
  /** STRING: when a dead letter was sent back to its stream; `sending` while that is done */
  requeued: (letter: string): string => `{dead}:requeued:${id(letter)}`,
  /** HASH key id → StoredApiKey */
  apiKeys: (): string => '{access}:keys',
  /** HASH key id → when it was used last, in ms */
  apiKeyUses: (): string => '{access}:used',
  /** STRING: whose session it is; named by the sha256 of what the browser holds */
  session: (sha256: string): string => `{access}:session:${sha256}`,
  /** LIST of rows */
  audit: (tenant: string): string => `{audit}:${tenant}`,
  /** SET of tenants with rows */
  auditTenants: (): string => '{audit}|tenants',
} as const;

export const partitionOfRef = (ref: WorkflowRef): number => partitionOf(ref.workflowId);
export const PARTITIONS: readonly number[] = Array.from({ length: PARTITION_COUNT }, (_, index) => index);

/** A member of the due set, the queues and the held sets: what to look at. */
export type DueMember = { kind: 'call'; ref: WorkflowRef; callId: string } | { kind: 'timer'; ref: WorkflowRef; timer: string };

export function formatMember(member: DueMember): string {
  const { tenant, workflowId } = member.ref;
  return member.kind === 'call' ? `c|${tenant}|${workflowId}|${member.callId}` : `t|${tenant}|${workflowId}|${member.timer}`;
}

export function parseMember(text: string): DueMember | null {
  const [kind, tenant, workflowId, last] = text.split('|');
  if (!tenant || !workflowId || !last) return null;
  const ref = { tenant, workflowId };
  if (kind === 'c') return { kind: 'call', ref, callId: last };
  return kind === 't' ? { kind: 'timer', ref, timer: last } : null;
}

/** A member of the set of open approvals. */
export const formatApproval = (ref: WorkflowRef, approval: { approvalId: string; stepId: string }): string => `${ref.workflowId}|${approval.stepId}|${approval.approvalId}`;

const tag = (partition: number): string => `{w${partition}}`;
/** With which all keys of a workflow begin; the scripts build theirs from it. */
export const tagOf = (ref: WorkflowRef): string => tag(partitionOfRef(ref));

const name = (ref: WorkflowRef): string => `${id(ref.tenant)}:${id(ref.workflowId)}`;
const collection = (ref: MemoryRef): string => `${id(ref.tenant)}:${id(ref.collection)}`;

function id(text: string): string {
  if (!ID_PATTERN.test(text)) throw new RangeError(`not an id: ${JSON.stringify(text)}`);
  return text;
}
