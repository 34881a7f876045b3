import { connectBus, subjects } from '@trivet/bus';
import type { Account, Event, Service, Step, TaskAccepted, Workflow } from '@trivet/contracts';
import { startStack, until, type Stack } from '@trivet/testing';

export interface ChaosOptions {
  seconds: number;
  seed: number;
  say: (line: string) => void;
  /** Also kills NATS and Redis. */
  brokers: boolean;
}

export interface ChaosReport {
  accepted: number;
  completed: number;
  kills: Record<string, number>;
  violations: string[];
}

const TEXT = 'Nimbus Robotics builds robots that sort parcels. It was founded in 2019. Its robots work in forty warehouses. The company is growing fast.';

/** Two tools side by side, a model call over both, and a last tool: every kind of hop. */
const plan = (n: number): object => ({
  steps: [
    { id: 'left', kind: 'tool', tool: 'calculator', input: { expression: `${n} + 1` } },
    { id: 'right', kind: 'tool', tool: 'text_stats', input: { text: `${TEXT} ${n}` } },
    { id: 'sum', kind: 'model', input: { messages: [{ role: 'user', content: `Summarise: ${TEXT} The numbers are {{ steps.left.output.value }} and {{ steps.right.output.words }}.` }], maxTokens: 200 } },
    { id: 'last', kind: 'tool', tool: 'text_stats', input: { text: { $: 'steps.sum.output.text' } } },
  ],
});

/**
 * Kill -9 of random services, and of NATS and Redis, under load; then, healed, every invariant is checked: each accepted
 * workflow completed, one completed call a step, a gapless history that is also in the journal, and an exact ledger.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const random = seeded(options.seed);
  const stack = await startStack({ replicas: { orchestrator: 2, executor: 2, model: 2 } });
  const kills: Record<string, number> = { orchestrator: 0, executor: 0, model: 0, nats: 0, redis: 0 };
  const accepted = new Set<string>();
  try {
    const deadline = performance.now() + options.seconds * 1_000;
    const load = Promise.all(Array.from({ length: 8 }, (_, lane) => submitUntil(stack, deadline, `chaos-${options.seed}-${lane}`, accepted)));
    const faults = killUntil(stack, deadline, random, options, kills);
    await Promise.all([load, faults]);
    options.say(`${accepted.size} workflows accepted; kills: ${Object.entries(kills).map(([name, count]) => `${name} ${count}`).join(', ')}`);
    const violations = await check(stack, [...accepted], options.say);
    return { accepted: accepted.size, completed: accepted.size - violations.filter((line) => line.includes('did not complete')).length, kills, violations };
  } finally {
    await stack.stop();
  }
}

async function submitUntil(stack: Stack, deadline: number, prefix: string, accepted: Set<string>): Promise<void> {
  for (let n = 0; performance.now() < deadline; n += 1) {
    const workflowId = `${prefix}-${n}`;
    // The same id again and again until it is acknowledged, as a client does whose connection broke.
    await until(async () => {
      const response = await stack.submit({ goal: 'chaos', workflowId, user: 'u1', plan: plan(n) });
      if (response.status !== 202 && response.status !== 200) return false;
      accepted.add(((await response.json()) as TaskAccepted).workflowId);
      return true;
    }, 60_000, () => `nobody accepts ${workflowId}\n${stack.logs()}`);
    await pause(20);
  }
}

async function killUntil(stack: Stack, deadline: number, random: () => number, options: ChaosOptions, kills: Record<string, number>): Promise<void> {
  let nextBroker = performance.now() + 3_000;
  while (performance.now() < deadline) {
    await pause(200 + random() * 800);
    const service = (['orchestrator', 'executor', 'model'] as const)[Math.floor(random() * 3)] as Service;
    const victims = stack.processes(service);
    victims[Math.floor(random() * victims.length)]?.kill();
    kills[service] = (kills[service] ?? 0) + 1;
    if (!options.brokers || performance.now() < nextBroker) continue;
    const name = random() < 0.5 ? 'nats' : 'redis';
    options.say(`kill -9 ${name}`);
    await stack.servers[name].kill();
    await pause(random() * 1_500);
    await stack.servers[name].restart();
    kills[name] = (kills[name] ?? 0) + 1;
    nextBroker = performance.now() + 5_000 + random() * 5_000;
  }
}

async function check(stack: Stack, ids: string[], say: (line: string) => void): Promise<string[]> {
  const violations: string[] = [];
  let usedTokens = 0;
  const journal = await connectBus({ url: stack.servers.nats.url, name: 'auditor' });
  for (const [index, id] of ids.entries()) {
    if (index % 100 === 0) say(`checking ${index} of ${ids.length} …`);
    const workflow: Workflow | null = await stack.ended(id, { withinMs: 60_000 }).catch(() => null);
    if (workflow?.status !== 'completed') {
      violations.push(await describeOpen(stack, id).catch((error: unknown) => `${id} did not complete, and nobody tells its state: ${String(error)}\n${stack.logs()}`));
      continue;
    }
    usedTokens += workflow.budget.usedTokens;
    if (workflow.budget.heldTokens !== 0) violations.push(`${id} still holds ${workflow.budget.heldTokens} tokens`);
    violations.push(...(await checkSteps(stack, id)), ...(await checkHistory(stack, journal, id)));
  }
  const total = (await stack.get<Account>('/api/v1/budgets/tenant/default')).windows.find((window) => window.window === 'total');
  const user = (await stack.get<Account>('/api/v1/budgets/user/u1')).windows.find((window) => window.window === 'total');
  if (total?.usedTokens !== usedTokens || user?.usedTokens !== usedTokens) violations.push(`the accounts differ: workflows ${usedTokens}, tenant ${total?.usedTokens}, user ${user?.usedTokens}`);
  if (total?.heldTokens !== 0) violations.push(`the tenant still holds ${total?.heldTokens} tokens`);
  await journal.close();
  return violations;
}

async function describeOpen(stack: Stack, id: string): Promise<string> {
  const open = await stack.get<Workflow>(`/api/v1/workflows/${id}`);
  return `${id} did not complete: ${open.status} ${JSON.stringify(open.failure)} ${JSON.stringify((await stack.steps(id)).map((step) => [step.id, step.status, step.calls]))}`;
}

async function checkSteps(stack: Stack, id: string): Promise<string[]> {
  const steps: Step[] = await stack.steps(id);
  return steps.flatMap((step) => {
    const completed = step.calls.filter((call) => call.outcome === 'completed' && call.parentCallId === undefined);
    return completed.length === 1 ? [] : [`${id}/${step.id} has ${completed.length} completed calls`];
  });
}

async function checkHistory(stack: Stack, journal: Awaited<ReturnType<typeof connectBus>>, id: string): Promise<string[]> {
  const { items } = await stack.get<{ items: Event[] }>(`/api/v1/workflows/${id}/events?limit=1000`);
  const violations = items.some((event, index) => event.seq !== index + 1) ? [`${id} has a gap in its history`] : [];
  let journaled: Event[] = [];
  await until(async () => {
    const messages = await journal.read('EVENTS', { subject: subjects.eventsOf('default', id), limit: 1_000 });
    const bySeq = new Map(messages.map((message): [number, Event] => {
      const event = JSON.parse(new TextDecoder().decode(message.data)) as Event;
      return [event.seq, event];
    }));
    journaled = [...bySeq.values()].sort((left, right) => left.seq - right.seq);
    return journaled.length === items.length;
  }, 20_000).catch(() => violations.push(`${id} has ${items.length} events, its journal ${journaled.length}`));
  if (JSON.stringify(journaled.map((event) => event.hash)) !== JSON.stringify(items.map((event) => event.hash))) violations.push(`${id} differs from its journal`);
  return violations;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The same numbers for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
