import type { Workflow } from '@trivet/contracts';
import { until, type Stack } from '@trivet/testing';

/** Each service has something to say of it: a tool that logs, an account that is nearly spent, and a model that there is none of, which fails it. */
const PLAN = {
  steps: [
    { id: 'search', kind: 'tool', tool: 'web_search', input: { query: 'x' } },
    { id: 'ask', kind: 'model', input: { messages: [{ role: 'user', content: 'Say something.' }] }, dependsOn: ['search'] },
  ],
};

/** Runs a workflow of which every service logs something, and gives the lines that name it. */
export async function linesOf(stack: Stack, workflowId: string): Promise<{ workflow: Workflow; lines: string[] }> {
  await stack.submit({ goal: 'x', workflowId, budget: { tokens: 1_000 }, plan: PLAN });
  const workflow = await stack.ended(workflowId);
  const lines = (): string[] => stack.logs().split('\n').filter((line) => line.includes(workflowId));
  await until(() => SAID.every((text) => lines().some((line) => line.includes(text))), 10_000, () => stack.logs());
  return { workflow, lines: lines() };
}

/** By the executor, the model service and the orchestrator. */
const SAID = ['The web cannot be searched', 'An account has passed 80 %', 'A workflow failed'];
