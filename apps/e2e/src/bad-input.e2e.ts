import { connectBus, type Bus } from '@trivet/bus';
import type { Problem } from '@trivet/contracts';
import { startStack, until, type Stack } from '@trivet/testing';

const GOOD = { goal: 'x', plan: { steps: [{ id: 'a', kind: 'tool', tool: 'calculator', input: { expression: '1' } }] } };

interface Mistake {
  what: string;
  body: string;
  status: number;
  /** Every pointer that must be named. */
  pointers?: string[];
  says: RegExp;
}

const step = (rest: object) => ({ id: 'a', kind: 'tool', tool: 'calculator', input: { expression: '1' }, ...rest });
const MISTAKES: Mistake[] = [
  { what: 'malformed JSON', body: '{"goal": ', status: 400, says: /not JSON/ },
  { what: 'no object', body: '[1]', status: 400, says: /not valid/ },
  { what: 'wrong types and unknown fields, all at once', body: JSON.stringify({ goal: 5, budget: { tokens: -1 }, priority: 'urgent', status: 'completed' }), status: 400, pointers: ['/goal', '/budget/tokens', '/priority', '/status'], says: /4 mistakes/ },
  { what: 'a bad workflow id', body: JSON.stringify({ ...GOOD, workflowId: 'a b\r\nPUB x 1' }), status: 400, pointers: ['/workflowId'], says: /workflowId/ },
  { what: 'an unknown tool', body: JSON.stringify({ goal: 'x', plan: { steps: [step({ tool: 'nope' })] } }), status: 400, pointers: ['/plan/steps/0/tool'], says: /nope/ },
  { what: 'an unknown template', body: JSON.stringify({ goal: 'x', template: 'nope' }), status: 400, pointers: ['/template'], says: /research/ },
  { what: 'a cycle, a dangling reference, a broken expression and a bad input, all at once', body: JSON.stringify({ goal: 'x', plan: { steps: [step({ dependsOn: ['b'] }), step({ id: 'b', dependsOn: ['a'], input: {} }), step({ id: 'c', dependsOn: ['z'] }), step({ id: 'd', input: { expression: '{{ steps.nobody.output }} {{ [ }}' } })] } }), status: 400, pointers: ['/plan/steps', '/plan/steps/1/input', '/plan/steps/2/dependsOn/0', '/plan/steps/3/input/expression'], says: /circle/ },
  { what: 'a number past what is exact', body: JSON.stringify(GOOD).replace('"plan"', '"budget":{"tokens":9007199254740993},"plan"'), status: 400, pointers: ['/budget/tokens'], says: /tokens/ },
  { what: 'deep nesting', body: `{"goal":"x","input":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, status: 400, says: /levels deep/ },
  { what: 'a key that reaches a prototype', body: '{"goal":"x","input":{"__proto__":{"admin":true}}}', status: 400, says: /__proto__/ },
];

describe('bad input', () => {
  let stack: Stack;
  let bus: Bus;
  const rejected: { headers: Record<string, string>; body: { data: { failure: { message: string }; errors: { pointer: string }[] } } }[] = [];
  beforeAll(async () => {
    stack = await startStack({ without: ['model'] });
    bus = await connectBus({ url: stack.servers.nats.url, name: 'sender' });
    bus.listen('trivet.v1.event.*.*.task.rejected', (notice) => rejected.push({ headers: {}, body: notice.json() as never }));
  });
  afterAll(async () => {
    await bus.close();
    await stack.stop();
  });

  describe('over HTTP', () => {
    it.each(MISTAKES)('is answered with a problem document that names every mistake: $what', async ({ body, status, pointers = [], says }) => {
      const response = await fetch(`${stack.url}/api/v1/tasks`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
      expect(response.status).toBe(status);
      expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      const problem = (await response.json()) as Problem;
      expect(problem.detail).toMatch(says);
      expect(problem.hint).toBeTruthy();
      expect((problem.errors ?? []).map((error) => error.pointer)).toEqual(expect.arrayContaining(pointers));
    });

    it('names the limit when the body is too large', async () => {
      const response = await stack.submit({ goal: 'x', input: 'y'.repeat(1_100_000) });
      expect(response.status).toBe(413);
      expect(await response.json()).toMatchObject({ code: 'payload_too_large', detail: expect.stringContaining('1000000 bytes') });
    });

    it('refuses what is not JSON by its type', async () => {
      const response = await fetch(`${stack.url}/api/v1/tasks`, { method: 'POST', headers: { 'Content-Type': 'text/xml' }, body: '<x/>' });
      expect(response.status).toBe(415);
      expect((await fetch(`${stack.url}/api/v1/tasks`, { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: 'hello' })).status).toBe(415);
      const odd = await fetch(`${stack.url}/api/v1/workflows/%ff`);
      expect([odd.status, odd.headers.get('content-type')]).toEqual([400, 'application/problem+json; charset=utf-8']);
    });
  });

  describe('on the bus', () => {
    it.each(MISTAKES)('becomes a task.rejected event and a dead letter, and the consumer goes on: $what', async ({ what, body, says, pointers = [] }) => {
      rejected.length = 0;
      await bus.publish('trivet.v1.task.submit.default', new TextEncoder().encode(body));
      await until(() => rejected.length === 1, 10_000);
      expect(rejected[0]?.body.data.failure.message).toMatch(says);
      expect(rejected[0]?.body.data.errors.map((error) => error.pointer)).toEqual(expect.arrayContaining(pointers));
      // It is kept once it was told.
      const isKept = async (): Promise<boolean> => (await stack.get<{ items: { reason: string; body: string }[] }>('/api/v1/dead?limit=200')).items.some((letter) => letter.body === body && says.test(letter.reason));
      await until(isKept, 10_000, () => `no dead letter for ${what}`);
    });

    it('leaves the service able to take the next task', async () => {
      await bus.publish('trivet.v1.task.submit.default', { ...GOOD, workflowId: 'after-all-that' });
      expect(await stack.ended('after-all-that')).toMatchObject({ status: 'completed' });
      for (const { starts } of stack.processes('orchestrator')) expect(starts).toBe(1);
    });
  });

  it('is answered over rpc with the problem and the service-error headers', async () => {
    const reply = await bus.request('trivet.v1.rpc.task.submit', { goal: '' });
    expect(reply).toMatchObject({ errorCode: 400, body: { code: 'invalid_request', errors: [{ pointer: '/goal' }] } });
  });

  it.each(['/api/v1/workflows/none', '/api/v1/workflows/a%20b', '/api/v1/tools/none', '/api/v1/budgets/planet/x', '/nowhere'])('is not found at %s', async (path) => {
    const response = await fetch(`${stack.url}${path}`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ status: 404, code: 'not_found' });
  });

  it.each(['?limit=0', '?limit=1000', '?status=odd', '?cursor=%20', '?label=x'])('is refused in the query %s', async (query) => {
    expect((await fetch(`${stack.url}/api/v1/workflows${query}`)).status).toBe(400);
  });
});
