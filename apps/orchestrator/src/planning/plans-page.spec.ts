import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Plan, STEP_KINDS, type Tool } from '@trivet/contracts';
import { parse } from 'yaml';
import { bundledTools } from './bundled-tools-for-tests.js';
import { createInputCheck } from './input-check.js';
import { checkPlan } from './plan-check.js';

const page = await readFile(fileURLToPath(new URL('../../../../docs/plans.md', import.meta.url)), 'utf8');
const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text);

describe('the page about plans', () => {
  it('shows a step of every kind', () => {
    const shown = new Set(examples.flatMap((text) => Plan.parse(parse(text)).steps.map((step) => step.kind)));
    expect([...shown].sort()).toEqual([...STEP_KINDS].sort());
  });

  it.each(examples.map((text) => [text]))('has a plan that can run:\n%s', async (text) => {
    const tools = new Map((await bundledTools()).map((tool): [string, Tool] => [tool.name, tool]));
    expect(() => checkPlan(Plan.parse(parse(text)), tools, createInputCheck())).not.toThrow();
  });
});
