import type { Failure, Step, Workflow } from '@trivet/contracts';
import { startStack, type Stack } from '@trivet/testing';

const HOSTILE = {
  'an endless loop': { code: 'for (;;) {}', codes: ['tool_fuel_exhausted', 'tool_timeout'] },
  'a memory bomb': { code: 'const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(7));', codes: ['tool_memory_exceeded'] },
  'a read of /etc/passwd': { code: 'require("fs").readFileSync("/etc/passwd", "utf8")', codes: ['tool_failed'] },
  'a way out through the constructor': { code: 'this.constructor.constructor("return process")().mainModule.require("fs").readFileSync("/etc/passwd","utf8")', codes: ['tool_failed'] },
} as const;

describe('a hostile call', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ without: ['model'] });
  });
  afterAll(() => stack.stop());

  it.each(Object.entries(HOSTILE))('fails alone while 99 neighbours succeed: %s', async (name, { code, codes }) => {
    const id = name.replaceAll(/[^a-z]+/g, '-');
    const neighbours = Array.from({ length: 99 }, (_, index) => ({ id: `n${index}`, kind: 'tool', tool: 'calculator', input: { expression: `${index} * 2` } }));
    const attack = { id: 'attack', kind: 'tool', tool: 'code_javascript', input: { code, timeoutMs: 3_000 }, onFailure: 'continue' };
    await stack.submit({ goal: name, workflowId: id, plan: { steps: [...neighbours.slice(0, 50), attack, ...neighbours.slice(50)] } });
    const workflow: Workflow = await stack.ended(id);
    expect(workflow.status).toBe('completed');

    const steps = await stack.steps(id);
    const failure = failureOf(steps, 'attack');
    expect(codes).toContain(failure?.code);
    expect(JSON.stringify(failure)).not.toContain('root:');
    const rest = steps.filter((step) => step.id !== 'attack');
    expect(rest.filter((step) => step.status === 'completed')).toHaveLength(99);
    expect(rest.map((step) => step.output)).toEqual(neighbours.map((_, index) => ({ value: index * 2 })));
    for (const { starts } of stack.processes('executor')) expect(starts).toBe(1);
  });
});

const failureOf = (steps: Step[], id: string): Failure | null | undefined => steps.find((step) => step.id === id)?.failure;
