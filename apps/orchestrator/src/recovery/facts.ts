import { createHash, randomBytes } from 'node:crypto';
import { subjects, type Bus } from '@trivet/bus';
import type { AccountLimits, AuditRow, Policy, Schedule, StoredFile } from '@trivet/contracts';
import { noteAccount } from '../budget/account-list.js';
import type { AccountIndex, AccountRef, ApiKeyStore, AuditLog, FileStore, Ledger, LedgerClock, PolicyStore, PromptUploads, ScheduleStore, StoredApiKey, ToolHead, ToolUploads, ToolVersion, UploadedPrompt, TenantErasure, WorkflowErasure } from '@trivet/state';
import type { Continuity } from './continuity.js';
import { joinContents, splitContent, type ContentPart } from './content-parts.js';

/** What is journaled and belongs to no workflow stands under this id; no task may have it. */
export const FACTS_WORKFLOW = '_facts';

export type Fact =
  | { kind: 'limits'; account: AccountRef; windows: AccountLimits['windows'] }
  | { kind: 'policy'; policy: Policy }
  | { kind: 'key'; tenant: string; id: string; key: StoredApiKey | null }
  | { kind: 'schedule'; tenant: string; id: string; schedule: Schedule | null }
  | { kind: 'tool'; tenant: string; version: ToolVersion }
  | { kind: 'tool-head'; tenant: string; name: string; head: ToolHead | null }
  | { kind: 'prompt'; tenant: string; prompt: UploadedPrompt }
  | { kind: 'prompt-label'; tenant: string; name: string; label: string; version: number | null; move: number }
  | { kind: 'file'; tenant: string; name: string; file: StoredFile | null }
  | ({ kind: 'content' } & ContentPart)
  | { kind: 'erased'; tenant: string; workflowId: string; at: string }
  | { kind: 'tenant-erased'; tenant: string; at: string }
  | { kind: 'audit'; rows: readonly AuditRow[] };

/** As audit rows were journaled before they were gathered, each by itself. */
interface AuditFactBefore {
  kind: 'audit';
  row: AuditRow;
}

/** What belongs to no workflow (limits, policies, keys, schedules, tools, files, audit rows) in the journal, so that it comes back too. */
export interface Facts {
  record: (tenant: string, fact: Fact) => Promise<void>;
  /** Rows that were written together, one fact a tenant. */
  recordAudit: (rows: readonly AuditRow[]) => Promise<void>;
  /** The whole audit of a tenant, once more. */
  auditAgain: (tenant: string) => Promise<void>;
  /** A module of a tool or the content of a file, in as many parts as it takes. */
  recordContent: (tenant: string, digest: string, content: Uint8Array) => Promise<void>;
  /** Writes to Redis what the journal holds. */
  restore: () => Promise<void>;
  /** Sends what is in Redis once more, to a journal that has lost it. */
  again: () => Promise<void>;
}

export interface FactParts {
  bus: Bus;
  ledger: Ledger;
  accounts: AccountIndex;
  policies: PolicyStore;
  apiKeys: ApiKeyStore;
  schedules: ScheduleStore;
  uploads: ToolUploads;
  prompts: PromptUploads;
  files: FileStore;
  auditLog: AuditLog;
  workflowErasure: Pick<WorkflowErasure, 'erased'>;
  tenantErasure: Pick<TenantErasure, 'erasures' | 'exists'>;
  clock: LedgerClock;
  continuity: Pick<Continuity, 'verified' | 'leave'>;
  onError: (error: unknown) => void;
}

const BATCH = 2_000;
/** Rows of the audit in one fact: they have to fit in a message. */
const ROWS = 200;
const SUBJECT = `trivet.v1.event.*.${FACTS_WORKFLOW}.fact.recorded`;

/** How the message ids of a tenant's facts begin: a witness is kept, and is not to name who was erased. */
const factsPrefix = (tenant: string): string => `${FACTS_WORKFLOW}:${createHash('sha256').update(tenant).digest('hex').slice(0, 16)}:`;

/** Whether a message of the journal is a tenant's, by its id: an event of a workflow, or a fact. */
export const isMessageOf = (tenant: string, messageId: string): boolean => messageId.startsWith(`${tenant}:`) || messageId.startsWith(factsPrefix(tenant));

export function createFacts(parts: FactParts): Facts {
  const { bus, continuity } = parts;
  let count = 0;
  const run = randomBytes(6).toString('hex');

  async function record(tenant: string, fact: Fact): Promise<void> {
    count += 1;
    const at = new Date(parts.clock.nowMs()).toISOString();
    const event = { seq: 1, type: 'fact.recorded', at, workflowId: FACTS_WORKFLOW, data: { fact } };
    const id = `${run}-${count}`;
    const headers = { 'ce-specversion': '1.0', 'ce-type': 'trivet.fact.recorded', 'ce-source': `/trivet/${tenant}`, 'ce-id': `${FACTS_WORKFLOW}.${id}`, 'ce-time': at, 'ce-datacontenttype': 'application/json' };
    const messageId = `${factsPrefix(tenant)}${id}`;
    const { seq } = await bus.publish(subjects.event(tenant, FACTS_WORKFLOW, 'fact.recorded'), event, { workflowId: FACTS_WORKFLOW, messageId, headers });
    // A journal that goes back to where it had not this one is found out by it. Audit rows come too often, and nothing follows from them.
    if (fact.kind !== 'audit') await continuity.verified().then(() => continuity.leave('facts', { seq, messageId })).catch(parts.onError);
  }

  async function all(): Promise<Fact[]> {
    const facts: Fact[] = [];
    for (let from = 0; ; ) {
      const messages = await bus.read('EVENTS', { subject: SUBJECT, limit: BATCH, afterSeq: from });
      for (const message of messages) {
        const event: { data: { fact: Fact | AuditFactBefore } } = JSON.parse(new TextDecoder().decode(message.data));
        const { fact } = event.data;
        facts.push('row' in fact ? { kind: 'audit', rows: [fact.row] } : fact);
      }
      const last = messages.at(-1);
      if (!last || messages.length < BATCH) return facts;
      from = last.seq;
    }
  }

  async function recordContent(tenant: string, digest: string, content: Uint8Array): Promise<void> {
    for (const part of splitContent(digest, content)) await record(tenant, { kind: 'content', ...part });
  }

  const auditAgain = (tenant: string): Promise<void> => recordAudit(parts.auditLog, tenant, record);
  return {
    record,
    recordContent,
    auditAgain,
    recordAudit: async (rows) => {
      const tenants = new Set(rows.map((row) => row.tenant));
      await Promise.all([...tenants].map((tenant) => record(tenant, { kind: 'audit', rows: rows.filter((row) => row.tenant === tenant) })));
    },
    restore: async () => {
      const facts = await all();
      for (const fact of latest(facts)) await apply(parts, fact);
      await restoreContents(parts, facts);
      await parts.auditLog.restore(facts.flatMap((fact) => (fact.kind === 'audit' ? fact.rows : [])));
    },
    again: async () => {
      for (const key of await parts.apiKeys.listFound()) await record(key.tenant, { kind: 'key', tenant: key.tenant, id: key.id, key });
      for (const policy of await parts.policies.list()) await record(policy.tenant, { kind: 'policy', policy });
      for (const account of await parts.ledger.limitedAccounts()) await recordLimits(parts.ledger, account, record);
      for (const tenant of await parts.schedules.tenants()) for (const schedule of await parts.schedules.list(tenant)) await record(tenant, { kind: 'schedule', tenant, id: schedule.id, schedule });
      for (const tenant of await parts.uploads.tenants()) await recordTools(parts.uploads, tenant, { record, recordContent });
      for (const tenant of await parts.prompts.tenants()) await recordPrompts(parts.prompts, tenant, record);
      for (const tenant of await parts.files.tenants()) await recordFiles(parts.files, tenant, { record, recordContent });
      await eraseFromJournal(parts, { record, auditAgain });
    },
  };
}

async function recordAudit(auditLog: AuditLog, tenant: string, record: Facts['record']): Promise<void> {
  for (let beforeSeq: number | undefined; ; ) {
    const rows = await auditLog.list(tenant, { limit: ROWS, ...(beforeSeq === undefined ? {} : { beforeSeq }) });
    const oldest = rows.at(-1);
    if (!oldest) return;
    await record(tenant, { kind: 'audit', rows });
    beforeSeq = oldest.seq;
  }
}

/** A journal that went back to an older copy may hold what was erased since. */
async function eraseFromJournal({ bus, workflowErasure, tenantErasure, clock }: FactParts, { record, auditAgain }: Pick<Facts, 'record' | 'auditAgain'>): Promise<void> {
  for (const [tenant, at] of await tenantErasure.erasures()) {
    // What is there of a tenant that came back under its old name would go with the old.
    if (await tenantErasure.exists(tenant)) continue;
    await bus.purge('EVENTS', { subject: subjects.eventsOfTenant(tenant) });
    await record(tenant, { kind: 'tenant-erased', tenant, at });
    await auditAgain(tenant);
  }
  const at = new Date(clock.nowMs()).toISOString();
  for await (const { tenant, workflowId } of workflowErasure.erased()) {
    await bus.purge('EVENTS', { subject: subjects.eventsOf(tenant, workflowId) });
    await record(tenant, { kind: 'erased', tenant, workflowId, at });
  }
}

async function recordLimits(ledger: Ledger, account: AccountRef, record: Facts['record']): Promise<void> {
  const { windows } = await ledger.readAccount(account);
  for (const { window, limitTokens, limitNanoUsd } of windows) {
    if (limitTokens !== null || limitNanoUsd !== null) await record(account.tenant, { kind: 'limits', account, windows: [{ window, limitTokens, limitNanoUsd }] });
  }
}

/** All that a tenant uploaded. */
async function recordTools(uploads: ToolUploads, tenant: string, { record, recordContent }: Pick<Facts, 'record' | 'recordContent'>): Promise<void> {
  for (const version of await uploads.allVersions(tenant)) {
    const module = await uploads.module(version.digest);
    if (module) await recordContent(tenant, version.digest, module);
    await record(tenant, { kind: 'tool', tenant, version });
  }
  for (const [name, head] of await uploads.heads(tenant)) await record(tenant, { kind: 'tool-head', tenant, name, head });
}

async function recordPrompts(prompts: PromptUploads, tenant: string, record: Facts['record']): Promise<void> {
  for (const name of await prompts.names(tenant)) {
    const { newest } = await prompts.head(tenant, name);
    for (let version = 1; version <= newest; version += 1) {
      const prompt = await prompts.version(tenant, name, version);
      if (prompt) await record(tenant, { kind: 'prompt', tenant, prompt });
    }
  }
  const names = new Set([...(await prompts.names(tenant)), ...((await prompts.bundled()) ?? []).map(({ name }) => name)]);
  for (const name of names) for (const { label, version, move } of await prompts.moves(tenant, name)) await record(tenant, { kind: 'prompt-label', tenant, name, label, version, move });
}

async function recordFiles(files: FileStore, tenant: string, { record, recordContent }: Pick<Facts, 'record' | 'recordContent'>): Promise<void> {
  for (const file of await files.list(tenant)) {
    const found = await files.read(tenant, file.name);
    if (found) await recordContent(tenant, file.sha256, found.content);
    const text = file.text && (await files.readText(tenant, file.name));
    if (text && file.text) await recordContent(tenant, file.text.sha256, text);
    await record(tenant, { kind: 'file', tenant, name: file.name, file });
  }
}

/** What modules and files consist of, which the facts about them name by its digest. */
async function restoreContents({ uploads, files }: FactParts, facts: readonly Fact[]): Promise<void> {
  const contents = joinContents(facts.filter((fact) => fact.kind === 'content'));
  const latestFacts = latest(facts);
  for (const fact of latestFacts) {
    const digest = fact.kind === 'tool' ? fact.version.digest : fact.kind === 'file' ? fact.file?.sha256 : undefined;
    const content = digest === undefined ? undefined : contents.get(digest);
    if (!content) continue;
    if (fact.kind === 'tool') await uploads.keepModule(content);
    if (fact.kind === 'file' && fact.file) await files.put(fact.file, content, fact.file.text && contents.get(fact.file.text.sha256));
  }
}

/** The last word on each thing. */
function latest(facts: readonly Fact[]): NamedFact[] {
  const byName = new Map<string, NamedFact>();
  for (const fact of facts) {
    if (fact.kind === 'tenant-erased') for (const [name, earlier] of byName) if (tenantOf(earlier) === fact.tenant) byName.delete(name);
    if (fact.kind !== 'audit' && fact.kind !== 'content') byName.set(nameOf(fact), fact);
  }
  return [...byName.values()];
}

type NamedFact = Exclude<Fact, { kind: 'audit' | 'content' }>;

const tenantOf = (fact: NamedFact): string => (fact.kind === 'limits' ? fact.account.tenant : fact.kind === 'policy' ? fact.policy.tenant : fact.tenant);

function nameOf(fact: NamedFact): string {
  if (fact.kind === 'tool') return `tool ${fact.tenant} ${fact.version.manifest.name}@${fact.version.manifest.version}`;
  if (fact.kind === 'erased') return `erased ${fact.tenant} ${fact.workflowId}`;
  if (fact.kind === 'tenant-erased') return `tenant-erased ${fact.tenant}`;
  if (fact.kind === 'file') return `file ${fact.tenant} ${fact.name}`;
  if (fact.kind === 'prompt') return `prompt ${fact.tenant} ${fact.prompt.name}@${fact.prompt.version}`;
  if (fact.kind === 'prompt-label') return `prompt-label ${fact.tenant} ${fact.name} ${fact.label} ${fact.move}`;
  if (fact.kind === 'tool-head') return `tool-head ${fact.tenant} ${fact.name}`;
  if (fact.kind === 'policy') return `policy ${fact.policy.tenant}`;
  if (fact.kind === 'key') return `key ${fact.id}`;
  if (fact.kind === 'schedule') return `schedule ${fact.tenant} ${fact.id}`;
  const { scope, tenant, id } = fact.account;
  return `limits ${scope} ${tenant} ${id} ${fact.windows.map((window) => window.window).join(' ')}`;
}

async function apply({ ledger, accounts, policies, schedules, uploads, prompts, apiKeys, clock }: FactParts, fact: Fact): Promise<void> {
  if (fact.kind === 'key') await (fact.key ? apiKeys.put(fact.key) : apiKeys.remove(fact.id));
  if (fact.kind === 'tool') await uploads.add(fact.tenant, fact.version);
  if (fact.kind === 'tool-head') await uploads.setHead(fact.tenant, fact.name, fact.head);
  if (fact.kind === 'prompt') await prompts.restore(fact.tenant, fact.prompt);
  if (fact.kind === 'prompt-label') await prompts.setLabel(fact.tenant, fact.name, fact.label, fact.version, fact.move);
  if (fact.kind === 'limits') await Promise.all([ledger.setLimits(fact.account, fact.windows), noteAccount(accounts, fact.account)]);
  if (fact.kind === 'policy') await Promise.all([policies.put(fact.policy), ledger.setTimeZone(fact.policy.tenant, fact.policy.timeZone ?? null)]);
  if (fact.kind !== 'schedule' || !fact.schedule) return;
  // Its catch-up policy decides about the times that passed meanwhile.
  const nextAt = fact.schedule.nextAt ?? null;
  if (!(await schedules.get(fact.tenant, fact.id))) await schedules.put({ ...fact.schedule, nextAt: fact.schedule.paused ? null : (nextAt ?? new Date(clock.nowMs()).toISOString()) }, 0);
}

/** Whether a message of the journal is a fact that something follows from, and no row of the audit. */
export function isMoreThanAudit(message: Uint8Array): boolean {
  const event: { data: { fact: { kind: string } } } = JSON.parse(new TextDecoder().decode(message));
  return event.data.fact.kind !== 'audit';
}
