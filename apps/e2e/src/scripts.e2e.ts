import type { Step, Workflow } from '@trivet/contracts';
import { startStack, until, type Stack } from '@trivet/testing';

const TEN = `
let seen = [];
for (let n = 1; n <= 10; n += 1) {
  const { value } = await tool('calculator', { expression: n + ' * ' + n });
  console.log('step', n, value);
  seen.push(value);
  await sleep(20);
}
({ seen, sum: seen.reduce((a, b) => a + b, 0), at: Date.now(), random: Math.random() });
`;

const MIXED = `
const [a, b] = await Promise.all([tool('calculator', { expression: '6 * 7' }), tool('text_stats', { text: 'one two' })]);
let caught = null;
try { await tool('calculator', { expression: '1 / 0 +' }); } catch (error) { caught = [error.name, error.code]; }
let denied = null;
try { await tool('web_fetch', { url: 'http://127.0.0.1/' }); } catch (error) { denied = error.code; }
const { decision, edited } = await approve('May I?', { a: a.value });
const payload = await waitFor('go', 60000);
({ a: a.value, words: b.words, caught, denied, decision, edited, payload, given: input });
`;

describe('durable scripts', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ without: ['model'], replicas: { orchestrator: 2, executor: 2 } });
  });
  afterAll(() => stack.stop());

  const script = (code: string, tools: string[]) => ({ steps: [{ id: 'job', kind: 'code', input: { code, tools, input: { from: 'outside' } } }] });
  const send = (path: string, body: object): Promise<Response> => fetch(`${stack.url}${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

  it('a script has a folder, whose files outlast what it awaits', async () => {
    const code = "files.write('sum.txt', files.read('a.txt') + '+1'); const { value } = await tool('calculator', { expression: files.read('sum.txt') }); files.write('value.txt', String(value)); files.list()";
    const answer = { value: ['a.txt', 'sum.txt', 'value.txt'], output: '', files: { 'sum.txt': '41+1', 'value.txt': '42' } };
    const plan = { steps: [{ id: 'job', kind: 'code', input: { code, tools: ['calculator'], files: { 'a.txt': '41' } } }, { id: 'python', kind: 'tool', tool: 'code_python', dependsOn: ['job'], input: { code: "[open('sum.txt').read(), input]", files: { $: 'steps.job.output.files' }, input: { $: 'steps.job.output' } } }] };
    await stack.submit({ goal: 'x', workflowId: 'folder', plan });
    expect(await stack.ended('folder')).toMatchObject({ status: 'completed', result: { python: { value: ['41+1', answer] } } });
  });

  it('a script of ten awaits gives the right answer, each effect once, while processes are killed at every await', async () => {
    await stack.submit({ goal: 'x', workflowId: 'quiet', plan: script(TEN, ['calculator']) });
    const quiet = await stack.ended('quiet');
    await stack.submit({ goal: 'x', workflowId: 'killed', plan: script(TEN, ['calculator']) });
    const done = async (): Promise<number> => (await stack.steps('killed')).filter((step) => step.kind === 'tool' && step.status === 'completed').length;
    for (let await_ = 0; await_ < 10; await_ += 1) {
      await until(async () => (await done()) > await_, 60_000, () => stack.logs());
      const victims = [...stack.processes('executor'), ...stack.processes('orchestrator')];
      victims[await_ % victims.length]?.kill();
    }
    const killed = await stack.ended('killed', { withinMs: 90_000 });
    expect(killed).toMatchObject({ status: 'completed', result: { job: { value: { sum: 385, seen: [1, 4, 9, 16, 25, 36, 49, 64, 81, 100] } } } });
    const outputOf = ({ result }: Workflow): { value: { random: number }; output: string } => (result as { job: { value: { random: number }; output: string } }).job;
    expect(outputOf(killed).output).toBe(outputOf(quiet).output);
    expect(outputOf(killed).value.random).toBe(outputOf(quiet).value.random);
    const effects = (await stack.steps('killed')).filter((step: Step) => step.kind === 'tool');
    expect(effects).toHaveLength(10);
    for (const step of effects) expect(step.calls.filter((call) => call.outcome === 'completed')).toHaveLength(1);
  }, 180_000);

  it('a script that computes for long is gone on with in another process from its snapshot, and its work is not done again', async () => {
    const code = `function work() { let x = 1; for (let i = 0; i < 1_400_000; i += 1) x = (x * 31 + i) % 1_000_003; return x; }
      const seen = []; for (let n = 1; n <= 6; n += 1) { work(); seen.push([n, Math.random()]); await tool('calculator', { expression: String(n) }); } seen;`;
    const plan = { steps: [{ id: 'job', kind: 'code', input: { code, tools: ['calculator'], timeoutMs: 4000 } }] };
    await stack.submit({ goal: 'x', workflowId: 'long', plan });
    const done = async (): Promise<number> => (await stack.steps('long')).filter((step) => step.kind === 'tool' && step.status === 'completed').length;
    for (let after = 1; after < 5; after += 1) {
      await until(async () => (await done()) >= after, 60_000, () => stack.logs());
      stack.processes('executor')[after % 2]?.kill();
    }
    const { status, result } = await stack.ended('long', { withinMs: 90_000 });
    const { value } = (result as { job: { value: [number, number][] } }).job;
    expect([status, value.map(([n]) => n), new Set(value.map(([, random]) => random)).size]).toEqual(['completed', [1, 2, 3, 4, 5, 6], 6]);
    const runs = (await stack.steps('long')).filter((step) => step.kind === 'code' && step.id !== 'job').map((step) => step.calls.at(-1)?.sandbox?.cpuMs ?? 0);
    // Run from its beginning the last would take six times as long as the first, and does not do so here.
    expect([runs.length, (runs.at(-1) ?? 0) < 3 * (runs[0] ?? 0)]).toEqual([7, true]);
  });

  it('awaits tools together, errors, a person and a signal', async () => {
    await stack.submit({ goal: 'x', workflowId: 'mixed', plan: script(MIXED, ['calculator', 'text_stats']) });
    await until(async () => (await stack.get<{ items: { id: string; workflowId: string }[] }>('/api/v1/approvals')).items.some((each) => each.workflowId === 'mixed'), 30_000, () => stack.logs());
    const [approval] = (await stack.get<{ items: { id: string; details: unknown }[] }>('/api/v1/approvals')).items;
    expect(approval?.details).toEqual({ a: 42 });
    await send(`/api/v1/approvals/${approval?.id}/decide`, { decision: 'approve', edited: { a: 43 } });
    await send('/api/v1/workflows/mixed/signal', { name: 'go', payload: [1, 2] });
    expect(await stack.ended('mixed')).toMatchObject({
      status: 'completed',
      result: { job: { value: { a: 42, words: 2, caught: ['HostError', 'tool_failed'], denied: 'tool_host_denied', decision: 'approve', edited: { a: 43 }, payload: [1, 2], given: { from: 'outside' } } } },
    });
  });

  it('says the line of a mistake after an await, and that a promise never settles', async () => {
    await stack.submit({ goal: 'x', workflowId: 'wrong', plan: script("await sleep('10 ms');\nnothing.at.all", []) });
    expect((await stack.ended('wrong')).failure).toMatchObject({ code: 'tool_failed', message: expect.stringMatching(/nothing is not defined.*line 2/) });
    await stack.submit({ goal: 'x', workflowId: 'stuck', plan: script('await new Promise(() => {})', []) });
    expect((await stack.ended('stuck')).failure).toMatchObject({ code: 'tool_failed', message: expect.stringContaining('never settles') });
  });

  it('is refused when it names tools that do not exist', async () => {
    const response = await stack.submit({ goal: 'x', plan: script('1', ['shell']) });
    expect([response.status, await response.json()]).toEqual([400, expect.objectContaining({ code: 'plan_invalid' })]);
  });
});
