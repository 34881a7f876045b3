import { connectBus } from '@trivet/bus';
import type { Account, Event, Step, Workflow } from '@trivet/contracts';
import { connectRedis, createLedger, createWorkflowStore, type Ledger, type Redis, type WorkflowStore } from '@trivet/state';
import { until, type Stack } from '@trivet/testing';
import type { Evidence } from './evidence.js';
import { INVARIANTS } from './invariants/table.js';
import type { Submitted } from './load.js';
import type { Execution } from './target.js';
import type { World } from './world.js';

/** One finding of the auditor: which invariant does not hold, of what, and how that shows. */
export interface Violation {
  invariant: string;
  workflowId: string;
  finding: string;
}

export interface Audit {
  evidence: Evidence[];
  violations: Violation[];
  accounts: string[];
}

export interface AuditOptions {
  world: World;
  submitted: readonly Submitted[];
  /** For how long after the last fault a workflow may still run. */
  patienceMs: number;
  say: (line: string) => void;
}

/** A worker that hangs may begin a call so long after another took it over, and gave its result: the lease, and a moment for a busy machine. */
const LEASE_MS = 6_000;
const AT_ONCE = 16;

export const ACCOUNTS_RULE = 'accounts are the sum of their workflows';

/** Looks at each accepted workflow with the eyes of its several witnesses, once all that was disturbed is whole again. */
export async function audit(options: AuditOptions): Promise<Audit> {
  const { world, submitted, say } = options;
  const open = await waitForEnds(options);
  if (open > 0) say(`${open} workflows have not ended ${options.patienceMs / 1_000} s after the last fault`);
  const redis = connectRedis({ url: world.servers.redis.url, name: 'auditor' });
  try {
    await waitForLeases(redis, say);
    const store = createWorkflowStore(redis);
    const journal = await readJournal(world, await totalEvents(store, submitted));
    const witnesses: Witnesses = { stack: world.stack, ledger: createLedger(redis), store, journal, executions: byWorkflow(world.target.executions), answers: byWorkflow(world.answers) };
    const evidence = (await inBatches(submitted, (each) => gather(witnesses, each))).flat();
    const violations = evidence.flatMap((each) => INVARIANTS.flatMap(({ name, check }) => check(each, LEASE_MS).map((finding) => ({ invariant: name, workflowId: each.workflowId, finding }))));
    const accounts = await checkAccounts(world.stack, evidence);
    return { evidence, violations: [...violations, ...accounts.map((finding) => ({ invariant: ACCOUNTS_RULE, workflowId: '', finding }))], accounts };
  } finally {
    redis.disconnect();
  }
}

const ENDED = ['completed', 'failed', 'cancelled'];

/** @returns how many have not ended in time */
async function waitForEnds({ world, submitted, patienceMs }: AuditOptions): Promise<number> {
  const deadline = performance.now() + patienceMs;
  const ended = await inBatches(submitted, async ({ workflowId, watched }) => {
    const remaining = (): number => Math.max(100, deadline - performance.now());
    const hasEnded = await until(async () => {
      const workflow = await lookUp<Workflow>(world.stack, `/api/v1/workflows/${workflowId}`);
      return workflow === null || ENDED.includes(workflow.status);
    }, remaining()).then(() => true, () => false);
    // The subscriber gets there by itself, a moment later.
    await Promise.race([watched.ended, new Promise((resolve) => setTimeout(resolve, hasEnded ? 5_000 : 0))]);
    return hasEnded;
  });
  return ended.filter((each) => !each).length;
}

/** A little more than the lease of a model call's hold. */
const LEASES_WITHIN_MS = 70_000;

/** What a dead worker held is charged when its lease is over: only then all is at rest. */
async function waitForLeases(redis: Redis, say: AuditOptions['say']): Promise<void> {
  const count = (): Promise<number> => redis.zcard('{ledger}:leases');
  const open = await count();
  if (open === 0) return;
  say(`${open} holds of dead workers are open; until their leases are over`);
  await until(async () => (await count()) === 0, LEASES_WITHIN_MS).catch(() => undefined);
}

interface Witnesses {
  stack: Stack;
  ledger: Ledger;
  store: WorkflowStore;
  journal: ReadonlyMap<string, ReadonlyMap<number, string>>;
  executions: ReadonlyMap<string, Execution[]>;
  answers: ReadonlyMap<string, Execution[]>;
}

async function gather(witnesses: Witnesses, submitted: Submitted): Promise<Evidence[]> {
  const root = await gatherOne(witnesses, submitted.workflowId, { shape: submitted.shape, seen: submitted.watched.seen, signal: submitted.signal });
  const children = root.steps.flatMap((step) => (step.childWorkflowId ? [step.childWorkflowId] : []));
  return [root, ...(await Promise.all(children.map((childId) => gatherOne(witnesses, childId, null, submitted.workflowId))))];
}

/** `keysOf`: a child's effects stand under the id of the workflow that began it. */
async function gatherOne(witnesses: Witnesses, workflowId: string, submitted: Evidence['submitted'], keysOf = workflowId): Promise<Evidence> {
  const { stack, ledger, store, journal, executions, answers } = witnesses;
  const workflow = await lookUp<Workflow>(stack, `/api/v1/workflows/${workflowId}`);
  const steps = workflow ? ((await lookUp<{ items: Step[] }>(stack, `/api/v1/workflows/${workflowId}/steps`))?.items ?? []) : [];
  return {
    workflowId, submitted, workflow, steps,
    history: await store.readEvents({ tenant: 'default', workflowId }, 0, 100_000),
    journal: journal.get(workflowId) ?? new Map(),
    executions: executions.get(keysOf) ?? [],
    answers: answers.get(keysOf) ?? [],
    charges: await chargesOf(ledger, steps),
  };
}

/** The reservations of each model call, one for each attempt at a vendor, as the ledger keeps them. */
async function chargesOf(ledger: Ledger, steps: readonly Step[]): Promise<{ callId: string; state: string; tokens: number }[]> {
  const callIds = [...new Set(steps.filter((step) => step.kind === 'model').flatMap((step) => step.calls.map((call) => call.callId)))];
  const charges: { callId: string; state: string; tokens: number }[] = [];
  for (const callId of callIds) {
    for (let attempt = 1; ; attempt += 1) {
      const charge = await ledger.readReservation(`${callId}.${attempt}`);
      if (!charge) break;
      charges.push({ callId, state: charge.state, tokens: charge.chargedTokens });
    }
  }
  return charges;
}

/** The keys of effects and questions begin with the id of the workflow they belong to. */
function byWorkflow(executions: readonly Execution[]): Map<string, Execution[]> {
  const grouped = new Map<string, Execution[]>();
  for (const execution of executions) {
    const workflowId = execution.key.split('/')[0] ?? '';
    const group = grouped.get(workflowId);
    if (group) group.push(execution);
    else grouped.set(workflowId, [execution]);
  }
  return grouped;
}

async function totalEvents(store: WorkflowStore, submitted: readonly Submitted[]): Promise<number> {
  const counts = await inBatches(submitted, async ({ workflowId }) => (await store.readEvents({ tenant: 'default', workflowId }, 0, 100_000)).length);
  return counts.reduce((total, count) => total + count, 0);
}

const PAGE = 5_000;
const JOURNAL_WITHIN_MS = 20_000;

/** The journal by workflow and seq, as soon as it has as many events as are to be expected. */
async function readJournal({ servers }: World, expected: number): Promise<Map<string, Map<number, string>>> {
  const bus = await connectBus({ url: servers.nats.url, name: 'auditor' });
  const journal = new Map<string, Map<number, string>>();
  const deadline = performance.now() + JOURNAL_WITHIN_MS;
  let afterSeq = 0;
  let events = 0;
  try {
    for (let isEmpty = false; !(isEmpty && events >= expected) && performance.now() < deadline; ) {
      const page = await bus.read('EVENTS', { limit: PAGE, afterSeq }).catch(() => []);
      for (const message of page) {
        const text = new TextDecoder().decode(message.data);
        const event: Event = JSON.parse(text);
        const known = journal.get(event.workflowId) ?? new Map<number, string>();
        // A message that came twice says the same; one that does not is what the auditor looks for.
        if (known.get(event.seq) !== text) events += 1;
        known.set(event.seq, text);
        journal.set(event.workflowId, known);
        afterSeq = message.seq;
      }
      isEmpty = page.length === 0;
      if (isEmpty && events < expected) await new Promise((resolve) => setTimeout(resolve, 250));
    }
    return journal;
  } finally {
    await bus.close();
  }
}

async function checkAccounts(stack: Stack, evidence: readonly Evidence[]): Promise<string[]> {
  const used = evidence.reduce((total, { workflow, submitted }) => total + (submitted ? (workflow?.budget.usedTokens ?? 0) : 0), 0);
  const findings = await Promise.all(['tenant/default', 'user/u1'].map(async (name) => {
    const account = await lookUp<Account>(stack, `/api/v1/budgets/${name}`);
    const total = account?.windows.find((window) => window.window === 'total');
    return [...(total?.usedTokens === used ? [] : [`${name} has used ${total?.usedTokens} tokens, its workflows ${used}`]), ...(total?.heldTokens === 0 ? [] : [`${name} still holds ${total?.heldTokens} tokens`])];
  }));
  return findings.flat();
}

/** Null when there is no such thing; throws when nobody answers. */
async function lookUp<Body>(stack: Stack, path: string): Promise<Body | null> {
  try {
    return await stack.get<Body>(path);
  } catch (error) {
    if (/: 404 /.test(String(error))) return null;
    throw error;
  }
}

async function inBatches<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.map((item, index) => ({ item, index }));
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let next = queue.shift(); next; next = queue.shift()) results[next.index] = await work(next.item);
  }));
  return results;
}
