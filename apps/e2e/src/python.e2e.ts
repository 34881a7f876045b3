import { startStack, type Stack } from '@trivet/testing';

describe('a step in Python', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack.stop());

  const python = (id: string, code: string, rest: object = {}): object => ({ id, kind: 'tool', tool: 'code_python', input: { code, ...rest } });

  it('works on the input of its task and hands its value on', async () => {
    const plan = {
      steps: [
        python('sums', 'sums = {}\nfor row in input:\n    sums[row["城市"]] = sums.get(row["城市"], 0) + row["n"]\nprint("summed", len(input))\nsums', { input: { $: 'input.rows' } }),
        python('most', 'max(input, key=lambda name: input[name])', { input: { $: 'steps.sums.output.value' } }),
      ],
    };
    await stack.submit({ goal: 'x', workflowId: 'python', input: { rows: [{ 城市: '上海', n: 2 }, { 城市: '北京', n: 5 }, { 城市: '上海', n: 4 }] }, plan });
    expect(await stack.ended('python')).toMatchObject({ status: 'completed', result: { most: { value: '上海', output: '' } } });
    expect((await stack.steps('python'))[0]).toMatchObject({ output: { value: { 上海: 6, 北京: 5 }, output: 'summed 3\n' } });
  });

  it('fails with the name and the line of its error, and at its own time limit', async () => {
    await stack.submit({ goal: 'x', workflowId: 'wrong', plan: { steps: [python('half', 'a = 1\na / 0')] } });
    expect(await stack.ended('wrong')).toMatchObject({ status: 'failed', failure: { code: 'tool_failed', message: 'ZeroDivisionError: divide by zero (line 2)' } });
    await stack.submit({ goal: 'x', workflowId: 'endless', plan: { steps: [{ ...python('spin', 'while True: pass', { timeoutMs: 300 }), retry: { max: 0 } }] } });
    expect(await stack.ended('endless')).toMatchObject({ status: 'failed', failure: { code: 'tool_timeout' } });
  });
});
