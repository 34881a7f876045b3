import type { Account, Event, Step, Workflow } from '@trivet/contracts';
import { asOneServer, startNatsCluster, startRedisGroup, startScriptedVendor, startStack, until, type NatsCluster, type RedisGroup, type ScriptedVendor, type Stack } from '@trivet/testing';

/** TRIVET_FAILOVER=long: each broker is killed in turn, twice round, and the primary of Redis twice. */
const isLong = process.env['TRIVET_FAILOVER'] === 'long';
const LANES = 6;
const TOKENS = 15;
const LIMIT = 1_000_000;
/** What a test waits for at most; a hang, not a figure. */
const PATIENCE_MS = 90_000;

const planOf = (id: string): object => ({
  steps: [
    { id: 'sum', kind: 'tool', tool: 'calculator', input: { expression: '20 + 22' } },
    { id: 'ask', kind: 'model', input: { messages: [{ role: 'user', content: `${id}: {{ steps.sum.output.value }}` }], maxTokens: 20 } },
    { id: 'last', kind: 'tool', tool: 'text_stats', input: { text: { $: 'steps.ask.output.text' } } },
  ],
});

describe('three NATS servers, a Redis primary with replicas, and work in flight', () => {
  let nats: NatsCluster;
  let redis: RedisGroup;
  let vendor: ScriptedVendor;
  let stack: Stack;
  const asked: { prompt: string; atMs: number }[] = [];
  beforeAll(async () => {
    vendor = await startScriptedVendor((request) => {
      asked.push({ prompt: String(request.messages.at(-1)?.content), atMs: Date.now() });
      return { text: 'fine', delayMs: 30 };
    });
    [nats, redis] = await Promise.all([startNatsCluster(), startRedisGroup({ replicas: 2 })]);
    const servers = { nats: asOneServer(nats.nodes, nats.url), redis: asOneServer(redis.nodes, redis.url), stop: async () => void (await Promise.all([nats.stop(), redis.stop()])) };
    stack = await startStack({ servers, replicas: { orchestrator: 2, executor: 2, model: 2 }, environment: { TRIVET_NATS_REPLICAS: '3', TRIVET_REDIS_REPLICAS: '1', OPENAI_BASE_URL: vendor.url, OPENAI_API_KEY: 'sk-none' } });
    await fetch(`${stack.url}/api/v1/budgets/user/ann`, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ windows: [{ window: 'total', limitTokens: LIMIT }] }) });
  });
  afterAll(async () => {
    await stack?.stop();
    await vendor?.stop();
  });

  it('any one broker and the primary are killed: every workflow that was accepted ends, budgets are exact, no recorded result is computed again', async () => {
    const load = startLoad(stack);
    const faults: { what: string; atMs: number }[] = [];
    const strike = async (what: string, act: () => Promise<void>): Promise<void> => {
      const before = load.ended();
      faults.push({ what, atMs: Date.now() });
      await act();
      // Work goes on: not only what was under way ends, but what was begun after it.
      await until(() => load.ended() >= before + 2 * LANES, PATIENCE_MS, () => `${what}: no more workflows end\n${stack.logs()}`);
    };
    await until(() => load.ended() > LANES, PATIENCE_MS, () => stack.logs());
    for (const index of await order(nats)) {
      await strike(`NATS server ${index}`, () => nats.nodes[index]?.kill() ?? Promise.resolve());
      await strike(`NATS server ${index} is back`, () => nats.nodes[index]?.restart() ?? Promise.resolve());
    }
    for (let round = 0; round < (isLong ? 2 : 1); round += 1) {
      const primary = await redis.primary();
      await strike('the primary of Redis', () => redis.nodes[primary]?.kill() ?? Promise.resolve());
      expect(await redis.primary()).not.toBe(primary);
      await redis.rejoin(primary);
      await redis.followed(2);
    }
    const accepted = await load.stop();
    await expectAllDone(accepted, faults.length);
    await reportPauses(accepted, faults);
  }, 600_000);

  async function expectAllDone(accepted: readonly string[], faults: number): Promise<void> {
    const repeated: string[] = [];
    let used = 0;
    let dearer = 0;
    for (const id of accepted) {
      expect((await stack.ended(id, { withinMs: PATIENCE_MS })).status).toBe('completed');
      // What an attempt held that was given up in the middle of a fault is charged when its lease is over: only then all is at rest.
      await until(async () => (await stack.get<Workflow>(`/api/v1/workflows/${id}`)).budget.heldTokens === 0, PATIENCE_MS, () => `${id} still holds tokens\n${stack.logs()}`);
      const workflow = await stack.get<Workflow>(`/api/v1/workflows/${id}`);
      used += workflow.budget.usedTokens;
      if (workflow.budget.usedTokens > TOKENS) dearer += 1;
      const steps = await stack.steps(id);
      expect(steps.map((step: Step) => step.calls.filter((call) => call.outcome === 'completed').length)).toEqual([1, 1, 1]);
      const recordedAtMs = Date.parse(steps.find((step) => step.id === 'ask')?.finishedAt ?? '');
      repeated.push(...asked.filter(({ prompt, atMs }) => prompt.startsWith(`${id}:`) && atMs > recordedAtMs).map(({ prompt }) => prompt));
      await expectNoGap(id);
    }
    expect(repeated).toEqual([]);
    // What was asked when a fault came may be paid for twice, or at its upper bound; nothing else is.
    expect(used).toBeGreaterThanOrEqual(accepted.length * TOKENS);
    expect(dearer).toBeLessThanOrEqual(faults * LANES);
    const account = (await stack.get<Account>('/api/v1/budgets/user/ann')).windows.find(({ window }) => window === 'total');
    expect(account).toMatchObject({ usedTokens: used, heldTokens: 0, limitTokens: LIMIT });
    console.log(`${accepted.length} workflows; ${asked.length - new Set(asked.map(({ prompt }) => prompt)).size} questions were asked again before their answer was recorded, ${dearer} workflows were charged for more than one`);
  }

  async function expectNoGap(id: string): Promise<void> {
    const { items } = await stack.get<{ items: Event[] }>(`/api/v1/workflows/${id}/events?limit=500`);
    expect(items.map(({ seq }) => seq)).toEqual(items.map((_, index) => index + 1));
  }

  /** For how long no workflow advanced: the longest time between two events after each fault. */
  async function reportPauses(accepted: readonly string[], faults: readonly { what: string; atMs: number }[]): Promise<void> {
    const all = await Promise.all(accepted.map((id) => stack.get<{ items: Event[] }>(`/api/v1/workflows/${id}/events?limit=500`)));
    const times = all.flatMap(({ items }) => items.map(({ at }) => Date.parse(at))).sort((left, right) => left - right);
    for (const [index, { what, atMs }] of faults.entries()) {
      const until = faults[index + 1]?.atMs ?? Infinity;
      const within = [atMs, ...times.filter((time) => time > atMs && time <= until)];
      const pauseMs = Math.max(...within.map((time, each) => time - (within[each - 1] ?? time)));
      console.log(`${what}: no workflow advanced for ${pauseMs} ms`);
    }
  }
});

/** Which servers are killed, one after the other: the leader of the journal, and with the flag each, twice round. */
async function order(nats: NatsCluster): Promise<number[]> {
  if (isLong) return [0, 1, 2, 0, 1, 2];
  return [(await nats.leaderOf('EVENTS')) ?? 0];
}

interface Load {
  ended: () => number;
  /** @returns the ids of all workflows that were accepted */
  stop: () => Promise<string[]>;
}

/** Some clients, each of which sends a task when its last one has ended. One that gets no answer sends the same task again. */
function startLoad(stack: Stack): Load {
  const accepted: string[] = [];
  let ended = 0;
  let isOver = false;
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    for (let n = 0; !isOver; n += 1) {
      const workflowId = `lane-${lane}-${n}`;
      await until(async () => [200, 202].includes((await stack.submit({ goal: 'x', workflowId, user: 'ann', plan: planOf(workflowId) })).status), PATIENCE_MS, () => stack.logs());
      accepted.push(workflowId);
      await until(async () => ((await (await stack.submit({ goal: 'x', workflowId, user: 'ann', plan: planOf(workflowId) }, { query: '?wait=10s' })).json()) as Workflow).status === 'completed', PATIENCE_MS, () => stack.logs());
      ended += 1;
    }
  });
  const all = Promise.all(lanes);
  all.catch(() => undefined);
  return {
    ended: () => ended,
    stop: async () => {
      isOver = true;
      await all;
      return accepted;
    },
  };
}
