import { spawnSync } from 'node:child_process';
import { request as httpRequest } from 'node:http';
import { connectBus } from '@trivet/bus';
import type { ApiKey, ApiKeyWithSecret, AuditRow, Page, Role, Session, TenantSummary } from '@trivet/contracts';
import { runTrivet, startStack, until, type Stack, type TrivetRun } from '@trivet/testing';

interface Asked {
  key?: string;
  tenant?: string;
  body?: object;
  headers?: Record<string, string>;
}

interface Operation {
  method: string;
  path: string;
  right: string;
}

describe('API keys', () => {
  let stack: Stack;
  /** The secrets by `<tenant> <role>`. */
  const secrets = new Map<string, string>();
  beforeAll(async () => {
    stack = await startStack({ environment: { TRIVET_HTTP_NAMES: 'trivet.example' } });
  });
  afterAll(() => stack.stop());

  const ask = (method: string, path: string, { key, tenant, body, headers = {} }: Asked = {}): Promise<Response> =>
    fetch(`${stack.url}${path}`, {
      method,
      headers: { ...(key ? { Authorization: `Bearer ${key}` } : {}), ...(tenant ? { 'X-Trivet-Tenant': tenant } : {}), ...(body ? { 'Content-Type': 'application/json' } : {}), ...headers },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(30_000),
    });
  const json = async <Body>(response: Promise<Response>): Promise<Body> => (await (await response).json()) as Body;
  const make = async (body: object, asked: Asked = {}): Promise<ApiKeyWithSecret> => json(ask('POST', '/api/v1/keys', { ...asked, body }));
  const operator = (): string => secrets.get('default admin') ?? '';
  const newestRow = async (key: string, tenant = 'default'): Promise<AuditRow | undefined> => (await json<Page<AuditRow>>(ask('GET', '/api/v1/audit?limit=1', { key, tenant }))).items[0];

  /** fetch names its own Host. */
  const askAs = (host: string, method: string, path: string): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const url = new URL(stack.url);
      const sent = httpRequest({ host: url.hostname, port: url.port, method, path, headers: { Host: host } }, (response) => {
        let text = '';
        response.on('data', (data) => (text += String(data)));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      sent.on('error', reject).end();
    });

  describe('while there is none', () => {
    it('everybody is the operator', async () => {
      expect(await json<Session>(ask('GET', '/api/v1/session'))).toMatchObject({ tenant: 'default', role: 'admin', keysConfigured: false });
      expect(await json<Session>(ask('GET', '/api/v1/session', { tenant: 'acme', key: 'none' }))).toMatchObject({ tenant: 'acme', role: 'admin' });
    });

    it('a page of another site is refused, by its name or by its origin, and other clients are not', async () => {
      expect(await askAs('evil.example:80', 'GET', '/api/v1/overview')).toMatchObject({ status: 403, text: expect.stringContaining('TRIVET_HTTP_NAMES') });
      expect((await askAs('trivet.example', 'GET', '/api/v1/overview')).status).toBe(200);
      const foreign: Record<string, string>[] = [{ 'Sec-Fetch-Site': 'cross-site' }, { Origin: 'https://evil.example' }];
      for (const headers of foreign) {
        expect((await ask('POST', '/api/v1/schedules/none/trigger', { headers })).status).toBe(403);
        expect((await ask('GET', '/api/v1/overview', { headers })).status).toBe(200);
      }
      expect((await ask('POST', '/api/v1/schedules/none/trigger')).status).toBe(404);
    });

    it('the first must be one that can make others', async () => {
      for (const body of [{ name: 'a', role: 'write' }, { name: 'a', role: 'admin', tenant: 'acme' }, { name: 'a', role: 'admin', expiresAt: '2099-01-01T00:00:00Z' }]) {
        const refused = await ask('POST', '/api/v1/keys', { body });
        expect({ status: refused.status, text: await refused.text() }).toMatchObject({ status: 409, text: expect.stringContaining('The first key must') });
      }
      expect((await ask('POST', '/api/v1/keys', { body: { name: 'a', role: 'admin', expiresAt: '2001-01-01T00:00:00Z' } })).status).toBe(400);
    });
  });

  it('are made with a secret that is shown once', async () => {
    const first = await make({ name: 'root', role: 'admin' });
    expect(first).toMatchObject({ name: 'root', tenant: 'default', role: 'admin', createdBy: 'http', secret: expect.stringMatching(/^trv_[A-Za-z0-9_-]{43}$/) });
    secrets.set('default admin', first.secret);
    for (const tenant of ['default', 'acme']) {
      for (const role of ['read', 'write', 'admin'] satisfies Role[]) {
        if (!secrets.has(`${tenant} ${role}`)) secrets.set(`${tenant} ${role}`, (await make({ name: `${tenant}-${role}`, tenant, role }, { key: operator() })).secret);
      }
    }
    const listed = await (await ask('GET', '/api/v1/keys', { key: operator() })).text();
    const { items }: Page<ApiKey> = JSON.parse(listed);
    expect(items).toHaveLength(6);
    for (const secret of secrets.values()) expect(listed).not.toContain(secret);
    expect(listed).not.toContain('hash');
    // An administrator of another tenant sees its own, and makes none elsewhere.
    const acme = secrets.get('acme admin') ?? '';
    expect((await json<Page<ApiKey>>(ask('GET', '/api/v1/keys', { key: acme }))).items.map(({ tenant }) => tenant)).toEqual(['acme', 'acme', 'acme']);
    expect((await ask('POST', '/api/v1/keys', { key: acme, body: { name: 'b', role: 'read', tenant: 'other' } })).status).toBe(403);
    expect((await ask('DELETE', `/api/v1/keys/${first.id}`, { key: acme })).status).toBe(404);
    expect((await ask('POST', '/api/v1/keys', { key: acme, body: { name: 'acme-read', role: 'read' } })).status).toBe(409);
  });

  it('decide about every route of openapi.yaml by role and tenant', async () => {
    const document = await json<{ paths: Record<string, Record<string, { 'x-trivet-right': string }>> }>(ask('GET', '/openapi.json', { key: operator() }));
    const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, { 'x-trivet-right': right }]): Operation => ({ method: method.toUpperCase(), path, right })));
    expect(operations.length).toBeGreaterThan(80);
    const order = ['read', 'write', 'admin'];
    const wrong: string[] = [];
    const expectOf = async ({ method, path, right }: Operation, who: string, asked: Asked, allowed: boolean | 'unknown'): Promise<void> => {
      const { status, body } = await ask(method, path.replaceAll(/\{\w+\}/g, 'none'), { ...asked, ...(method === 'GET' || method === 'DELETE' ? {} : { body: {} }) });
      await body?.cancel();
      const fits = allowed === 'unknown' ? status === 401 : allowed ? status !== 401 && status !== 403 : status === 403;
      if (!fits) wrong.push(`${who}: ${method} ${path} (${right}) answers ${status}`);
    };
    const decideOn = async (operation: Operation): Promise<void> => {
      const { right } = operation;
      const isOpen = right === 'open';
      await expectOf(operation, 'nobody', {}, isOpen || 'unknown');
      for (const role of order) await expectOf(operation, `${role} of acme`, { key: secrets.get(`acme ${role}`) ?? '' }, isOpen || (right !== 'operator' && order.indexOf(role) >= order.indexOf(right)));
      await expectOf(operation, 'admin of acme for another tenant', { key: secrets.get('acme admin') ?? '', tenant: 'other' }, isOpen);
      await expectOf(operation, 'the operator', { key: operator() }, true);
      await expectOf(operation, 'the operator for another tenant', { key: operator(), tenant: 'other' }, true);
      if (right === 'operator') await expectOf(operation, 'write of default', { key: secrets.get('default write') ?? '' }, false);
    };
    const queue = [...operations];
    await Promise.all(Array.from({ length: 8 }, async () => {
      for (let operation = queue.shift(); operation; operation = queue.shift()) await decideOn(operation);
    }));
    expect(wrong).toEqual([]);
    expect((await ask('GET', '/api/v1/nothing')).status).toBe(401);
    expect((await ask('GET', '/api/v1/nothing', { key: operator() })).status).toBe(404);
    expect((await ask('GET', '/workflows')).status).not.toBe(401);
  });

  it('are named in the audit, with the reason', async () => {
    const key = operator();
    const { id } = (await json<Page<ApiKey>>(ask('GET', '/api/v1/keys', { key }))).items.find(({ name }) => name === 'root') ?? { id: '' };
    const windows = [{ window: 'total', limitTokens: 1_000 }];
    const because = { 'X-Trivet-Reason': encodeURIComponent('weil es nötig ist') };
    const changes: [string, string, Asked, string][] = [
      ['PUT', '/api/v1/budgets/user/ann', { body: { windows, reason: 'in the body' } }, 'in the body'],
      ['PUT', '/api/v1/budgets/user/ann', { body: { windows }, headers: because }, 'weil es nötig ist'],
      ['PUT', '/api/v1/policies/acme', { body: { weight: 2, reason: 'more' } }, 'more'],
      ['POST', '/api/v1/schedules', { body: { id: 'yearly', cron: '0 0 1 1 *', task: { goal: 'x' }, reason: 'each year' } }, 'each year'],
      ['POST', '/api/v1/schedules/yearly/pause', { body: { reason: 'not now' } }, 'not now'],
      ['DELETE', '/api/v1/schedules/yearly', { headers: because }, 'weil es nötig ist'],
      ['PUT', '/api/v1/prompts/hello', { body: { description: 'd', input: { type: 'object', properties: {} }, user: 'hello' }, headers: because }, 'weil es nötig ist'],
      ['PUT', '/api/v1/prompts/hello/labels/production', { body: { version: 1, reason: 'it is good' } }, 'it is good'],
      ['POST', '/api/v1/keys', { body: { name: 'short', role: 'read', reason: 'a visit' } }, 'a visit'],
    ];
    for (const [method, path, asked, reason] of changes) {
      const answer = await ask(method, path, { ...asked, key });
      expect(`${method} ${path} ${answer.status} ${answer.ok ? '' : await answer.text()}`).toMatch(/ 20\d $/);
      expect(await newestRow(key)).toMatchObject({ actor: 'root', keyId: id, reason });
    }
    // What a policy is does not say why it is so.
    expect(await json(ask('GET', '/api/v1/policies/acme', { key }))).not.toHaveProperty('reason');
    await ask('POST', '/api/v1/tasks', { key, tenant: 'acme', body: { goal: 'x', workflowId: 'of-acme', plan: { steps: [{ id: 'nap', kind: 'wait', input: { ms: 1 } }] } } });
    expect(await newestRow(key, 'acme')).toMatchObject({ tenant: 'acme', action: 'task.submit', actor: 'root', keyId: id });
    expect(await json(ask('GET', '/api/v1/audit/verify', { key }))).toMatchObject({ brokenAt: null });
    const tenants = await json<Page<TenantSummary>>(ask('GET', '/api/v1/tenants', { key }));
    expect(tenants.items).toEqual(expect.arrayContaining([{ tenant: 'acme', keys: 3, workflows: 1, hasPolicy: true }, expect.objectContaining({ tenant: 'default', keys: 4, hasPolicy: false })]));
  });

  it('are made and revoked from the command line', async () => {
    const trivet = (key: string, ...words: string[]): Promise<TrivetRun> => runTrivet(words, { TRIVET_URL: stack.url, ...(key ? { TRIVET_API_KEY: key } : {}) });
    const made = await trivet(operator(), 'keys', 'create', 'from the shell', '--role', 'read', '--for-tenant', 'acme', '--reason', 'für die Werkbank');
    expect(made).toMatchObject({ status: 0, stdout: expect.stringMatching(/^trv_[A-Za-z0-9_-]{43}\n$/) });
    expect(await newestRow(operator())).toMatchObject({ action: 'key.create', actor: 'root', reason: 'für die Werkbank' });
    const secret = made.stdout.trim();
    expect((await trivet('', '--api-key', secret, 'workflows', 'ls', '-o', 'json')).stdout).toContain('of-acme');
    expect((await trivet(operator(), 'keys', 'revoke', 'from the shell')).status).toBe(0);
    await until(async () => (await ask('GET', '/api/v1/overview', { key: secret })).status === 401, 10_000);
  });

  it('sign browsers in, until the key gets a new secret', async () => {
    const key = await make({ name: 'browser', role: 'write' }, { key: operator() });
    const wrong = await ask('POST', '/api/v1/session', { body: { key: 'trv_wrong' } });
    expect({ status: wrong.status, asks: wrong.headers.get('WWW-Authenticate') }).toEqual({ status: 401, asks: 'Bearer realm="trivet"' });
    const signedIn = await ask('POST', '/api/v1/session', { body: { key: key.secret }, headers: { 'Sec-Fetch-Site': 'same-origin' } });
    const given = signedIn.headers.get('Set-Cookie') ?? '';
    expect(given).toMatch(/; HttpOnly; SameSite=Strict/);
    expect(given).not.toContain(key.secret);
    const cookie = given.split(';')[0] ?? '';
    const own = { Cookie: cookie, 'Sec-Fetch-Site': 'same-origin' };
    const session = (): Promise<Response> => ask('GET', '/api/v1/session', { headers: { Cookie: cookie } });
    expect(await json<Session>(session())).toMatchObject({ tenant: 'default', role: 'write', keysConfigured: true, keyName: 'browser' });
    // Only pages of ours change something with it, and only what the key may.
    expect((await ask('POST', '/api/v1/schedules/none/trigger', { headers: own })).status).toBe(404);
    expect((await ask('POST', '/api/v1/schedules/none/trigger', { headers: { Cookie: cookie } })).status).toBe(403);
    expect((await ask('POST', '/api/v1/schedules/none/trigger', { headers: { Cookie: cookie, 'Sec-Fetch-Site': 'cross-site' } })).status).toBe(403);
    expect((await ask('GET', '/api/v1/keys', { headers: own })).status).toBe(403);
    // It survives the process that gave it, and any other.
    for (const orchestrator of stack.processes('orchestrator')) orchestrator.kill();
    await until(async () => (await session()).status === 200, 30_000, () => stack.logs());
    expect((await ask('POST', `/api/v1/keys/${key.id}/rotate`, { key: operator() })).status).toBe(200);
    await until(async () => (await session()).status === 401, 10_000);
    expect((await ask('GET', '/api/v1/session', { key: key.secret })).status).toBe(401);
    const gone = await ask('DELETE', '/api/v1/session', { headers: own });
    expect({ status: gone.status, cookie: gone.headers.get('Set-Cookie') }).toMatchObject({ status: 204, cookie: expect.stringContaining('Max-Age=0') });
  });

  it('come back when Redis has lost them, and let nobody in meanwhile; those that were revoked stay so', async () => {
    const { redis } = stack.servers;
    const revoked = await make({ name: 'revoked', role: 'admin' }, { key: operator() });
    await redis.keepCopy();
    await until(async () => (await ask('DELETE', `/api/v1/keys/${revoked.id}`, { key: operator() })).status === 204, 40_000, () => stack.logs());
    await until(async () => (await ask('GET', '/api/v1/overview', { key: revoked.secret })).status === 401, 10_000);
    const answers: Record<string, number> = {};
    let isOver = false;
    const trying = ['', revoked.secret].map(async (key) => {
      while (!isOver) {
        const status = await ask('GET', '/api/v1/overview', { key }).then((answer) => answer.status, () => 503);
        answers[status] = (answers[status] ?? 0) + 1;
      }
    });
    const names = async (): Promise<string[]> => (await json<Page<ApiKey>>(ask('GET', '/api/v1/keys', { key: operator() }))).items.map(({ name }) => name);
    const empty = async (): Promise<void> => void spawnSync('redis-cli', ['-p', String(redis.port), 'flushall']);
    for (const lose of [redis.goBack, empty, redis.wipe]) {
      await lose();
      await until(async () => (await names()).includes('browser'), 40_000, () => stack.logs());
      expect(await names()).not.toContain('revoked');
    }
    await until(async () => (await ask('GET', '/api/v1/overview', { key: secrets.get('acme read') ?? '' })).status === 200, 40_000, () => stack.logs());
    isOver = true;
    await Promise.all(trying);
    // 429: too many wrong keys, which is what a revoked one is.
    expect(Object.keys(answers).filter((status) => !['401', '429', '503'].includes(status))).toEqual([]);
    expect(answers['401']).toBeGreaterThan(0);
  });

  it('hold on when the journal is lost while Redis starts again, and are in the new one', async () => {
    const { nats, redis } = stack.servers;
    await redis.kill();
    await nats.wipe();
    await redis.restart();
    const names = async (): Promise<string[]> => (await json<Page<ApiKey>>(ask('GET', '/api/v1/keys', { key: operator() }))).items.map(({ name }) => name);
    await until(async () => (await names()).includes('browser'), 40_000, () => stack.logs());
    const bus = await connectBus({ url: nats.url, name: 'another-system' });
    const count = (await names()).length;
    await until(async () => (await bus.countOf('EVENTS', 'trivet.v1.event.*._facts.>')) >= count, 40_000, () => stack.logs());
    await bus.close();
    await redis.wipe();
    await until(async () => (await names()).includes('browser'), 40_000, () => stack.logs());
  });

  it('cannot be guessed at for long, which shuts out nobody who has one', async () => {
    let limited: Response | undefined;
    for (let index = 0; index < 25 && !limited; index += 1) {
      const answer = await ask('POST', '/api/v1/session', { body: { key: `trv_${index}` } });
      if (answer.status === 429) limited = answer;
      else expect(answer.status).toBe(401);
    }
    expect(Number(limited?.headers.get('Retry-After'))).toBeGreaterThan(1);
    expect((await ask('GET', '/api/v1/overview', { key: 'trv_wrong' })).status).toBe(429);
    expect((await ask('GET', '/api/v1/overview', { key: operator() })).status).toBe(200);
  });

  it('are revoked only so far that somebody can make others; the last one of all gives the server back', async () => {
    const key = operator();
    const { items } = await json<Page<ApiKey>>(ask('GET', '/api/v1/keys', { key }));
    const root = items.find(({ name }) => name === 'root')?.id ?? '';
    expect(await (await ask('DELETE', `/api/v1/keys/${root}`, { key })).text()).toContain('the last admin key of the tenant default');
    for (const { id } of items) if (id !== root) expect((await ask('DELETE', `/api/v1/keys/${id}`, { key })).status).toBe(204);
    expect((await ask('DELETE', `/api/v1/keys/${root}`, { key })).status).toBe(204);
    await until(async () => (await ask('GET', '/api/v1/overview')).status === 200, 10_000);
  });
});
