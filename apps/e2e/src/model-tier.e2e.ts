import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectBus } from '@trivet/bus';
import type { Account, Event, Step, TraceSpan, UsageRow, VendorBook } from '@trivet/contracts';
import { startStack, type Stack } from '@trivet/testing';

/** Nothing that leaves a process may hold these. */
const KEY = 'sk-canary-3f9a8c7d6e5b4a39';
const SECRET_TEXT = 'canary-of-the-prompt';
const SECRET_ANSWER = 'canary-of-the-answer';

/** Two vendors behind one door: the first breaks off or refuses with our key in its words, the second answers. */
describe('the model tier with two vendors', () => {
  let folder: string;
  let vendor: { url: string; asked: string[]; stop: () => Promise<void> };
  let stack: Stack;
  beforeAll(async () => {
    vendor = await startVendors();
    folder = mkdtempSync(join(tmpdir(), 'trivet-models-'));
    const config = join(folder, 'models.json');
    const price = { inputUsdPerMillion: 1, outputUsdPerMillion: 2 };
    writeFileSync(
      config,
      JSON.stringify({
        endpoints: [
          { name: 'first', provider: 'openai', baseUrl: `${vendor.url}/first/v1`, apiKeyVariable: 'OPENAI_API_KEY', models: [{ id: 'm1', vendorModel: 'm', price }] },
          { name: 'second', provider: 'openai', baseUrl: `${vendor.url}/second/v1`, apiKeyVariable: 'OPENAI_API_KEY', models: [{ id: 'm2', vendorModel: 'm', price }, { id: 'e', price, embeds: true }] },
        ],
        tiers: { medium: ['m1', 'm2'] },
        retry: { initialMs: 10 },
        breaker: { failures: 1_000 },
      }),
    );
    stack = await startStack({ environment: { TRIVET_MODEL_CONFIG: config, OPENAI_API_KEY: KEY, TRIVET_LOG_LEVEL: 'debug', LANGSMITH_API_KEY: KEY, HTTPS_PROXY: `http://${KEY}@127.0.0.1:9` } });
  });
  afterAll(async () => {
    await stack.stop();
    await vendor.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = async (workflowId: string, input: object, rest: object = {}): Promise<Step> => {
    await stack.submit({ goal: 'ask', workflowId, plan: { steps: [{ id: 'm', kind: 'model', input }] }, ...rest });
    await stack.ended(workflowId);
    const [step] = await stack.steps(workflowId);
    if (!step) throw new Error(`${workflowId} has no step`);
    return step;
  };
  const ask = (content: string, rest: object = {}) => ({ messages: [{ role: 'user', content }], maxTokens: 50, ...rest });

  it('goes on at the second when the first breaks off, charges what came, and shows it in the step and the events', async () => {
    const step = await run('broken', ask(`${SECRET_TEXT}: break off`));
    expect(step.output).toMatchObject({ text: SECRET_ANSWER, model: 'm2' });
    const [call] = step.calls;
    expect(call?.tried).toMatchObject([{ endpoint: 'first', outcome: 'model_unavailable', outputTokens: expect.any(Number) }, { endpoint: 'second', outcome: 'answered', inputTokens: 40, outputTokens: 8, costNanoUsd: 56_000 }]);
    expect(call?.tried?.[0]?.outputTokens).toBeGreaterThan(0);
    expect(call?.usage).toMatchObject({ attempts: 2, cachedInputTokens: 30, reasoningTokens: 5, source: 'estimated' });
    const { items: byModel } = await stack.get<{ items: UsageRow[] }>('/api/v1/usage?by=model');
    expect(byModel).toEqual(expect.arrayContaining([expect.objectContaining({ key: 'second/m2', calls: 1, inputTokens: 40, outputTokens: 8, nanoUsd: 56_000 }), expect.objectContaining({ key: 'first/m1', calls: 0 })]));
    expect(byModel.reduce((sum, { nanoUsd }) => sum + nanoUsd, 0)).toBe(call?.usage?.costNanoUsd);
    const [today] = (await stack.get<{ items: UsageRow[] }>('/api/v1/usage?by=day')).items;
    expect(today).toMatchObject({ calls: 1, nanoUsd: call?.usage?.costNanoUsd });
    expect((await stack.get<{ items: UsageRow[] }>('/api/v1/usage?by=tenant')).items).toEqual([{ ...today, key: 'default' }]);
    expect((await stack.get<{ items: UsageRow[] }>('/api/v1/usage?by=tenant', { tenant: 'acme' })).items).toEqual([]);
    for (const query of ['by=colour', 'from=yesterday', 'from=2026-02-30', 'from=2026-02-02&to=2026-02-01', 'from=2026-01-01&to=2026-12-31']) expect([query, (await fetch(`${stack.url}/api/v1/usage?${query}`)).status]).toEqual([query, 400]);
    const { items } = await stack.get<{ items: Event[] }>('/api/v1/workflows/broken/events');
    expect(JSON.stringify(items.find(({ type }) => type === 'step.completed')?.data)).toContain('"endpoint":"first"');
  });

  it('goes on at the second when the first refuses the request or our key', async () => {
    expect((await run('refused', ask('refuse this'))).output).toMatchObject({ model: 'm2' });
    expect((await run('denied', ask('deny the key'))).output).toMatchObject({ model: 'm2' });
  });

  it('tells in the history, once, that an account has passed 80 % of a limit', async () => {
    await stack.submit({ goal: 'spend', workflowId: 'tight', budget: { tokens: 250 }, plan: { steps: [{ id: 'a', kind: 'model', input: ask('one') }, { id: 'b', kind: 'model', dependsOn: ['a'], input: ask('two', { maxTokens: 100 }) }, { id: 'c', kind: 'model', dependsOn: ['b'], input: ask('three', { maxTokens: 70 }) }] } });
    await stack.ended('tight');
    const { items } = await stack.get<{ items: Event[] }>('/api/v1/workflows/tight/events');
    const told = items.filter(({ type }) => type === 'budget.threshold');
    expect(told).toHaveLength(1);
    expect(told[0]?.data).toMatchObject({ account: 'workflow/tight', window: 'total', metric: 'tokens', limit: 250 });
  });

  it('gives an answer again to the same request of a tenant that asked for that, for nothing', async () => {
    const input = ask('the same', { cacheMs: 60_000 });
    expect((await run('first-time', input)).output).not.toHaveProperty('cached');
    const asked = vendor.asked.length;
    const again = await run('second-time', input);
    expect(again.output).toMatchObject({ cached: true });
    expect(again.calls[0]?.usage).toBeNull();
    expect(vendor.asked).toHaveLength(asked);
  });

  it('embeds texts in a step', async () => {
    expect((await run('embed', { embed: ['one', 'two'] })).output).toMatchObject({ embeddings: [[1, 0], [0, 1]], model: 'e' });
  });

  it('counts the days of a tenant in its time zone, live, and refuses a zone that there is not', async () => {
    const put = (body: object): Promise<Response> => fetch(`${stack.url}/api/v1/policies/default`, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    expect((await put({ timeZone: 'Asia/Kolkata' })).status).toBe(200);
    const { windows } = await stack.get<Account>('/api/v1/budgets/tenant/default');
    expect(windows.find(({ window }) => window === 'day')?.resetsAt).toMatch(/T18:30:00.000Z$/);
    const refused = await put({ timeZone: 'Asia/Atlantis' });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ detail: expect.stringContaining('"Asia/Atlantis" is no time zone') });
    await put({});
  });

  it('keeps books that agree with the ledger, each charge without the vendor’s word by itself', async () => {
    const book = await stack.get<VendorBook>('/api/v1/budgets/reconciliation');
    expect(book.difference).toEqual({ tokens: 0, nanoUsd: 0 });
    expect(book.vendors.map(({ endpoint, model }) => `${endpoint}/${model}`)).toEqual(['first/m1', 'second/e', 'second/m2']);
    expect(book.unreported.filter(({ endpoint }) => endpoint === 'first').length).toBeGreaterThanOrEqual(1);
    const hidden = await fetch(`${stack.url}/api/v1/budgets/reconciliation`, { headers: { 'X-Trivet-Tenant': 'other' } });
    expect(hidden.status).toBe(404);
    expect((await fetch(`${stack.url}/api/v1/budgets/reconciliation?day=soon`)).status).toBe(400);
  });

  it('lets no key out of its process, and no prompt or answer into traces, logs and metrics', async () => {
    const failed = await run('all-deny', ask(`${SECRET_TEXT}: deny everywhere`));
    expect(failed.failure).toMatchObject({ code: 'model_unauthorized' });
    const telemetry = [stack.logs(), ...(await Promise.all(['broken', 'denied', 'all-deny'].map(async (id) => JSON.stringify((await stack.get<{ items: TraceSpan[] }>(`/api/v1/workflows/${id}/trace`)).items)))), await (await fetch(`${stack.url}/metrics`)).text()];
    expect(telemetry.join('\n').length).toBeGreaterThan(2_000);
    for (const text of telemetry) for (const canary of [KEY, SECRET_TEXT, SECRET_ANSWER]) expect(text).not.toContain(canary);
    const rest = [JSON.stringify(failed), JSON.stringify(await stack.get('/api/v1/workflows/all-deny/events')), JSON.stringify(await stack.get('/api/v1/audit')), JSON.stringify(await stack.get('/api/v1/dead')), ...(await everythingOnTheBus())];
    for (const text of rest) expect(text).not.toContain(KEY);
  });

  /** What all streams hold now. */
  async function everythingOnTheBus(): Promise<string[]> {
    const bus = await connectBus({ url: stack.servers.nats.url, name: 'reader', onError: () => undefined });
    try {
      const messages = await bus.read('EVENTS', { subject: 'trivet.v1.event.>', limit: 2_000, afterSeq: 0 });
      expect(messages.length).toBeGreaterThan(20);
      return messages.map(({ data }) => new TextDecoder().decode(data));
    } finally {
      await bus.close();
    }
  }
});

async function startVendors(): Promise<{ url: string; asked: string[]; stop: () => Promise<void> }> {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => void answer(request, response, asked).catch((error: unknown) => response.writeHead(500).end(String(error))));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const stop = (): Promise<void> => new Promise((resolve) => {
    server.closeAllConnections();
    server.close(() => resolve());
  });
  return { url: `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`, asked, stop };
}

async function answer(request: IncomingMessage, response: ServerResponse, asked: string[]): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  const json = (status: number, value: object): void => void response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
  if (request.url?.endsWith('/embeddings')) return json(200, { data: [{ index: 1, embedding: [0, 1] }, { index: 0, embedding: [1, 0] }], model: 'e', usage: { prompt_tokens: 2, total_tokens: 2 } });
  const said: string = body.messages.at(-1).content;
  asked.push(said);
  const isFirst = request.url?.startsWith('/first') === true;
  const words = `Incorrect API key provided: ${KEY} (${request.headers.authorization}).`;
  if (said.includes('deny everywhere') || (isFirst && said.includes('deny'))) return json(401, { error: { message: words, code: 'invalid_api_key' } });
  if (isFirst && said.includes('refuse')) return json(400, { error: { message: `unsupported; ${words}` } });
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  const piece = (delta: object, finish: string | null = null): string => `data: ${JSON.stringify({ model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  if (isFirst) {
    response.write(piece({ content: 'half an answer ' }));
    setTimeout(() => response.destroy(), 20);
    return;
  }
  const usage = { prompt_tokens: 40, completion_tokens: 8, total_tokens: 48, prompt_tokens_details: { cached_tokens: 30 }, completion_tokens_details: { reasoning_tokens: 5 } };
  response.end(`${piece({ content: SECRET_ANSWER })}${piece({}, 'stop')}data: ${JSON.stringify({ model: 'm', choices: [], usage })}\n\ndata: [DONE]\n\n`);
}
