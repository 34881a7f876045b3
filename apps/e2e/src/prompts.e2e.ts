import type { Page, Prompt, PromptDiff, PromptPreview, Step } from '@trivet/contracts';
import { startStack, until, type Stack } from '@trivet/testing';

const BODY = { description: 'Boils a text down.', task: 'summarise', input: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] }, system: 'Be brief.', user: 'Summarise this: {{text}}' };
const TEXT = 'Nimbus Robotics builds robots that sort parcels. It was founded in a garage. Its robots work in forty warehouses. The company is growing fast.';

describe('prompts that tenants keep', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack.stop());

  const send = async (method: string, path: string, body?: unknown, { tenant = 'default', type = 'application/json' } = {}): Promise<{ status: number; body: never }> => {
    const response = await fetch(`${stack.url}/api/v1/prompts${path}`, { method, headers: { 'X-Trivet-Tenant': tenant, ...(body === undefined ? {} : { 'Content-Type': type }) }, body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body) });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as never };
  };
  const run = async (workflowId: string, prompt: string, variables: object = { text: TEXT }): Promise<Step> => {
    await stack.submit({ goal: 'ask', workflowId, plan: { steps: [{ id: 'm', kind: 'model', input: { prompt, variables } }] } });
    await stack.ended(workflowId);
    const [step] = await stack.steps(workflowId);
    if (!step) throw new Error(`${workflowId} has no step`);
    return step;
  };

  it('lists what is bundled, each with its variables', async () => {
    const { items } = await stack.get<Page<Prompt>>('/api/v1/prompts');
    expect(items.find(({ name }) => name === 'summarise')).toMatchObject({ version: 1, origin: 'bundled', labels: ['production', 'latest'], createdAt: null });
  });

  it('keeps versions that never change, one number each, also for two at once', async () => {
    expect(await send('PUT', '/brief', BODY)).toMatchObject({ status: 201, body: { name: 'brief', version: 1, labels: ['latest'], origin: 'uploaded', createdBy: 'http' } });
    expect(await send('PUT', '/brief', BODY)).toMatchObject({ status: 200, body: { version: 1 } });
    const many = await Promise.all(Array.from({ length: 8 }, (_, n) => send('PUT', '/brief', { ...BODY, user: `${n}: {{text}}` })));
    expect(many.map(({ body }: { body: Prompt }) => body.version).sort()).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    const { items } = await stack.get<Page<Prompt>>('/api/v1/prompts/brief/versions');
    expect(items.map(({ version }) => version)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it('runs the version a label points to, records it, and follows the label within a second', async () => {
    expect((await send('PUT', '/brief/labels/production', { version: 1 })).body).toMatchObject({ version: 1, labels: ['production'] });
    expect((await run('first', 'brief@production')).output).toMatchObject({ prompt: { name: 'brief', version: 1 } });
    await send('PUT', '/brief/labels/production', { version: 3 });
    await until(async () => ((await run(`moved-${Date.now()}`, 'brief')).output as { prompt: { version: number } }).prompt.version === 3, 3_000);
    expect((await run('pinned', 'brief@1')).output).toMatchObject({ prompt: { version: 1 } });
    expect((await run('newest', 'brief@latest')).output).toMatchObject({ prompt: { version: 9 } });
  });

  it('goes on after the bundled versions, which stay, and whose production the tenant may move', async () => {
    expect(await send('PUT', '/summarise', BODY)).toMatchObject({ status: 201, body: { version: 2 } });
    expect((await run('bundled', 'summarise')).output).toMatchObject({ prompt: { version: 1 } });
    await send('PUT', '/summarise/labels/production', { version: 2 });
    await until(async () => ((await run(`own-${Date.now()}`, 'summarise')).output as { prompt: { version: number } }).prompt.version === 2, 3_000);
    expect((await send('DELETE', '/summarise/labels/production')).status).toBe(204);
  });

  it('takes a file with front matter, and holds it to its number', async () => {
    const file = (version: string) => `---\nname: greeting\n${version}description: Greets.\nlabels: [trial]\ninput: { type: object, properties: { name: { type: string } }, required: [name] }\n---\nHello {{name}}.`;
    expect(await send('PUT', '/greeting', file('version: 1\n'), { type: 'text/markdown' })).toMatchObject({ status: 201, body: { version: 1, labels: ['latest', 'trial'].sort().reverse() } });
    expect(await send('PUT', '/greeting', file('version: 5\n').replace('Hello', 'Bye'), { type: 'text/markdown' })).toMatchObject({ status: 409, body: { detail: 'The file says version 5 of greeting; the next one is 2.' } });
    expect(await send('PUT', '/greeting', file('').replace('Hello', 'Bye'), { type: 'text/markdown' })).toMatchObject({ status: 201, body: { version: 2 } });
    expect(await send('PUT', '/other', file(''), { type: 'text/markdown' })).toMatchObject({ status: 400, body: { errors: [{ pointer: '/name' }] } });
  });

  it('shows what a version or a draft says, without a model, and names every wrong variable', async () => {
    const shown: { body: PromptPreview } = await send('POST', '/brief/preview', { label: 'production', variables: { text: '{{user}} <b>' } });
    expect(shown.body).toMatchObject({ version: 3, messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: expect.stringMatching(/^\d: \{\{user\}\} <b>$/) }] });
    expect((await send('POST', '/brief/preview', { draft: { ...BODY, user: 'Draft {{text}}' }, variables: { text: 'x' } })).body).toMatchObject({ version: null, messages: [{}, { content: 'Draft x' }] });
    expect(await send('POST', '/brief/preview', { variables: { txt: 'x' } })).toMatchObject({ status: 400, body: { code: 'prompt_variables_invalid', errors: [{ pointer: '/variables/text' }, { pointer: '/variables/txt' }] } });
    expect((await run('wrong', 'brief', { txt: 'x' })).failure).toMatchObject({ code: 'prompt_variables_invalid', message: expect.stringMatching(/'text' is missing.*'txt' is not one it takes/) });
  });

  it('shows how two versions differ', async () => {
    const { body }: { body: PromptDiff } = await send('GET', '/brief/diff?from=1&to=3');
    expect(body).toMatchObject({ name: 'brief', from: 1, to: 3 });
    expect(body.parts.map(({ part }) => part)).toEqual(['user']);
    expect(body.parts[0]?.lines.map(({ change }) => change)).toEqual(['removed', 'added']);
    expect((await send('GET', '/brief/diff?from=1&to=1')).body).toMatchObject({ parts: [] });
  });

  it('refuses what could not be rendered, every mistake by name, and keeps nothing', async () => {
    const bad = await send('PUT', '/bad', { ...BODY, user: '{{text}} {{nobody}} {{{text}}} {{> other}}' });
    expect(bad).toMatchObject({ status: 400, body: { errors: [{ pointer: '/user', detail: expect.stringContaining('{{nobody}}') }, { pointer: '/user' }, { pointer: '/user' }] } });
    expect(await send('PUT', '/bad', { ...BODY, input: { type: 'object', properties: { text: { type: 'nonsense' } } } })).toMatchObject({ status: 400, body: { errors: [{ pointer: '/input' }] } });
    expect((await send('PUT', '/bad', { user: 'x', colour: 'red' })).status).toBe(400);
    expect((await send('GET', '/bad')).status).toBe(404);
    expect((await send('PUT', '/brief/labels/latest', { version: 1 })).status).toBe(400);
    expect((await send('PUT', '/brief/labels/production', { version: 99 })).status).toBe(404);
    expect(await send('PUT', '/brief/labels/3', { version: 1 })).toMatchObject({ status: 400, body: { detail: expect.stringContaining('reads as a version') } });
    expect(await send('PUT', '/bad', { ...BODY, user: '长'.repeat(200_000) })).toMatchObject({ status: 413, body: { detail: expect.stringContaining('the limit is 262144') } });
    expect((await send('POST', '/brief/preview', { variables: { text: 'x'.repeat(880_000) } })).body).toMatchObject({ code: 'prompt_variables_invalid', detail: expect.stringContaining('a preview shows at most 500000') });
    expect((await send('GET', '/bad')).status).toBe(404);
    expect((await send('PUT', '/brief', 'x', { type: 'text/plain' })).status).toBe(415);
    const blowUp = await send('POST', '/brief/preview', { draft: { ...BODY, input: { type: 'object', properties: { l: { type: 'array' } } }, system: undefined, user: '{{#l}}{{#l}}{{#l}}x{{/l}}{{/l}}{{/l}}' }, variables: { l: Array(1_000).fill(1) } });
    expect(blowUp).toMatchObject({ status: 400, body: { detail: expect.stringContaining('which is the limit') } });
  });

  it('shows nobody another tenant’s prompts', async () => {
    expect((await send('GET', '/brief', undefined, { tenant: 'other' })).status).toBe(404);
    expect((await send('GET', '/brief/versions', undefined, { tenant: 'other' })).status).toBe(404);
    expect(((await send('GET', '', undefined, { tenant: 'other' })).body as Page<Prompt>).items.map(({ name }) => name)).not.toContain('brief');
    await stack.submit({ goal: 'x', workflowId: 'other', plan: { steps: [{ id: 'm', kind: 'model', input: { prompt: 'brief', variables: { text: TEXT } } }] } }, { tenant: 'other' });
    expect((await stack.ended('other', { tenant: 'other' })).failure).toMatchObject({ code: 'prompt_unknown' });
  });

  it('come back when Redis has lost everything, with their labels', async () => {
    await stack.servers.redis.wipe();
    await until(async () => {
      const { status, body } = await send('GET', '/brief?label=production');
      return status === 200 && (body as Prompt).version === 3;
    }, 30_000, () => stack.logs());
    expect(((await send('GET', '/brief/versions')).body as Page<Prompt>).items).toHaveLength(9);
    expect((await run('after', 'brief')).output).toMatchObject({ prompt: { version: 3 } });
  });
});
