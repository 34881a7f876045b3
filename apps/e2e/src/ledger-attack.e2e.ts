import { connectBus, subjects, type Bus } from '@trivet/bus';
import { ModelResult, type ModelCall, type VendorBook } from '@trivet/contracts';
import { connectRedis, createLedger, type AccountRef, type Ledger, type Redis } from '@trivet/state';
import { startScriptedVendor, startStack, testShape, until, type ScriptedVendor, type Stack } from '@trivet/testing';

/** TRIVET_ATTACK_CALLS=20000 makes it a longer one. A single process does nothing while it starts again, and gets fewer. */
const CALLS = Number(process.env['TRIVET_ATTACK_CALLS'] ?? (testShape() === 'one' ? 1_000 : 3_000));
/** How long each process is left alone between its deaths, on average. */
const PEACE_MS = 7_500;
const WORKFLOWS = 20;
const AT_ONCE = 300;
/** What the vendor reports for each answer. */
const TOKENS_OF_ANSWER = 15;
/** Enough for about four in five, so that refusals are part of it. */
const TENANT_LIMIT = Math.floor(CALLS * TOKENS_OF_ANSWER * 0.8);
const WORKFLOW_LIMIT = Math.floor((CALLS * TOKENS_OF_ANSWER * 0.9) / WORKFLOWS);
const POINTS = ['model.after-claim', 'model.after-reserve-before-vendor', 'model.after-vendor-before-settle', 'model.after-settle-before-result', 'model.after-result-before-ack'];

const account = (scope: AccountRef['scope'], id: string): AccountRef => ({ scope, tenant: 'default', id });
const ACCOUNTS = [...Array.from({ length: WORKFLOWS }, (_, n) => account('workflow', `attack-${n}`)), account('user', 'ada'), account('tenant', 'default'), account('global', 'global')];

/** Calls as executors make them, straight on the bus: duplicates, cancels, three model processes that die at every point, a Redis that is killed. */
describe('the ledger under attack by three model processes', () => {
  let vendor: ScriptedVendor;
  let stack: Stack;
  let bus: Bus;
  let redis: Redis;
  let ledger: Ledger;
  beforeAll(async () => {
    vendor = await startScriptedVendor(({ messages }, index) => (index % 50 === 7 ? { status: 503 } : isCancelled(numberOf(messages.at(-1)?.content)) ? { text: 'late', delayMs: 250 } : { text: 'fine' }));
    stack = await startStack({ replicas: { model: 3 }, environment: { OPENAI_BASE_URL: vendor.url, OPENAI_API_KEY: 'none' } });
    bus = await connectBus({ url: stack.servers.nats.url, name: 'attacker', inboxPrefix: '_INBOX_executor', onError: () => undefined });
    redis = connectRedis({ url: stack.servers.redis.url, name: 'attacker' });
    ledger = createLedger(redis);
  });
  afterAll(async () => {
    await bus.close();
    redis.disconnect();
    await stack.stop();
    await vendor.stop();
  });

  it('never lets used and held pass a limit, and at rest agrees with the vendor to the token', async () => {
    await ledger.setLimits(account('tenant', 'default'), [{ window: 'total', limitTokens: TENANT_LIMIT }]);
    for (let n = 0; n < WORKFLOWS; n += 1) await ledger.setLimits(account('workflow', `attack-${n}`), [{ window: 'total', limitTokens: WORKFLOW_LIMIT }]);
    const watching = new AbortController();
    const sampled = sample(watching.signal);
    const wrecked = wreck(watching.signal);
    const results = await spend();
    watching.abort();
    const [samples] = await Promise.all([sampled, wrecked]);
    await until(async () => (await balances()).every(({ held }) => held === 0), 120_000, () => `something is still held\n${stack.logs()}`);

    expect(samples.over).toEqual([]);
    expect(samples.taken).toBeGreaterThan(20);
    expect(results.size).toBe(CALLS);
    const outcomes = new Set([...results.values()].map(({ failure }) => failure?.code ?? 'answered'));
    expect([...outcomes]).toEqual(expect.arrayContaining(['answered', 'budget_exceeded', 'cancelled']));
    // Three refusals of the vendor in a row are bad luck and no defect; anything else is one.
    expect([...outcomes].filter((code) => !['answered', 'budget_exceeded', 'cancelled', 'model_unavailable'].includes(code))).toEqual([]);
    await expectExact(results);
  }, 300_000);

  /** All calls, several hundred at a time; each is asked for again until it is answered, as executors do. */
  async function spend(): Promise<Map<string, ModelResult>> {
    const results = new Map<string, ModelResult>();
    const waiting = new Map<string, () => void>();
    const inbox = bus.createInbox((notice) => {
      const result = ModelResult.parse(notice.json());
      if (!results.has(result.callId)) results.set(result.callId, result);
      waiting.get(result.callId)?.();
    });
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < CALLS) {
        const call = callOf(next++, inbox.subject);
        for (let round = 0; !results.has(call.callId); round += 1) {
          const answered = new Promise<void>((resolve) => waiting.set(call.callId, resolve));
          await publish(call, `${round}`);
          // Every tenth is sent twice, every fortieth is cancelled while it is asked.
          if (next % 10 === 0) await publish(call, `${round}-again`);
          const cancelling = isCancelled(numberOf(call.callId)) ? setInterval(() => cancel(call), 40) : undefined;
          await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, 1_500))]);
          clearInterval(cancelling);
        }
        waiting.delete(call.callId);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    inbox.stop();
    return results;
  }

  const cancel = ({ workflowId, callId }: ModelCall): void => bus.notify(subjects.callCancel('default', workflowId), { tenant: 'default', workflowId, callIds: [callId] }, { workflowId });

  async function publish(call: ModelCall, round: string): Promise<void> {
    await bus.publish(subjects.modelCall('default', call.workflowId), call, { workflowId: call.workflowId, messageId: `${call.callId}:${round}` });
  }

  function callOf(number: number, answerTo: string): ModelCall {
    const workflowId = `attack-${number % WORKFLOWS}`;
    return { callId: `a${number}`, tenant: 'default', workflowId, stepId: 's', attempt: 1, user: 'ada', parentCallId: 'tool', answerTo, deadlineAt: Date.now() + 600_000, request: { messages: [{ role: 'user', content: `call a${number}.` }], maxTokens: 100 } };
  }

  async function balances(): Promise<{ name: string; used: number; held: number; limit: number }[]> {
    const read = await Promise.all(ACCOUNTS.map((each) => ledger.readAccount(each)));
    return read.map(({ account: name, windows: [total] }) => ({ name, used: total?.usedTokens ?? 0, held: total?.heldTokens ?? 0, limit: total?.limitTokens ?? Infinity }));
  }

  async function sample(signal: AbortSignal): Promise<{ taken: number; over: unknown[] }> {
    const seen = { taken: 0, over: [] as unknown[] };
    while (!signal.aborted) {
      // A Redis that was just killed answers nobody.
      const now = await balances().catch(() => []);
      seen.taken += now.length > 0 ? 1 : 0;
      seen.over.push(...now.filter(({ used, held, limit }) => used + held > limit || used < 0 || held < 0));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return seen;
  }

  /** Each process dies at each point in its turn; in between one by a plain kill -9, and Redis twice. */
  async function wreck(signal: AbortSignal): Promise<void> {
    const processes = stack.processes('model');
    for (let turn = 0; !signal.aborted; turn += 1) {
      const victim = processes[turn % processes.length];
      const point = POINTS[Math.floor(turn / processes.length) % POINTS.length];
      if (point && turn % 2 === 0) victim?.crashNext(`${point}:${5 + (turn % 20)}`);
      victim?.kill();
      if (turn % 6 === 5) await stack.servers.redis.restart();
      await until(() => victim?.isReady === true, 30_000).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, PEACE_MS / processes.length));
    }
  }

  async function expectExact(results: Map<string, ModelResult>): Promise<void> {
    const now = await balances();
    const usedBy = (name: string): number => now.find((each) => each.name === name)?.used ?? -1;
    const workflows = now.filter(({ name }) => name.startsWith('workflow/')).reduce((sum, { used }) => sum + used, 0);
    expect({ user: usedBy('user/ada'), tenant: usedBy('tenant/default'), global: usedBy('global/global') }).toEqual({ user: workflows, tenant: workflows, global: workflows });

    const book = await stack.get<VendorBook>('/api/v1/budgets/reconciliation');
    expect(book.difference).toEqual({ tokens: 0, nanoUsd: 0 });
    expect(book.total.tokens).toBe(workflows);
    const [row] = book.vendors;
    const sum = (word: string): number => book.unreported.filter((each) => each.word === word).reduce((total, { tokens }) => total + tokens, 0);
    expect({ estimated: row?.estimated.tokens, lapsed: row?.lapsed.tokens }).toEqual({ estimated: sum('estimated'), lapsed: sum('lapsed') });

    // What the vendor counted is what it reported to us, and for each answer we have not, a charge of that very call that is listed.
    const answers = countBy(vendor.requests.flatMap(({ messages }, index) => (index % 50 === 7 ? [] : [/call (a\d+)\./.exec(messages.at(-1)?.content ?? '')?.[1] ?? '?'])));
    const unreported = countBy(book.unreported.map(({ attemptId }) => attemptId.slice(0, attemptId.indexOf('.'))));
    const reported = countBy([...results.values()].filter(({ usage }) => usage?.source === 'reported' || (usage?.attempts ?? 0) > 0).map(({ callId }) => callId));
    // A call that was cancelled or refused before it cost anything is not recorded: its duplicate is a call anew.
    const unexplained = [...answers].filter(([callId, count]) => results.get(callId)?.usage !== undefined && count > (reported.get(callId) ?? 0) + (unreported.get(callId) ?? 0));
    expect(unexplained).toEqual([]);
    const answered = [...answers.values()].reduce((total, count) => total + count, 0);
    expect(row?.reported.tokens).toBe((row?.reported.attempts ?? 0) * TOKENS_OF_ANSWER);
    expect(row?.reported.attempts).toBeLessThanOrEqual(answered);
    expect(answered - (row?.reported.attempts ?? 0)).toBeLessThanOrEqual(book.unreported.length);
    console.log(`${results.size} calls, ${vendor.requests.length} requests at the vendor, ${row?.reported.attempts} reported, ${row?.estimated.attempts} estimated, ${row?.lapsed.attempts} lapsed; ${stack.processes('model').reduce((total, { starts }) => total + starts - 1, 0)} deaths`);
  }
});

/** The number of a call, from its id or from what it asks. */
const numberOf = (text: string | null | undefined): number => Number(/a(\d+)/.exec(text?.split(' ').at(-1) ?? '')?.[1] ?? -1);
const isCancelled = (number: number): boolean => number % 40 === 0;

function countBy(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
