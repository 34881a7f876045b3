import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plan, Tool } from '@trivet/contracts';
import { bundledTools } from './bundled-tools-for-tests.js';
import { createInputCheck } from './input-check.js';
import { createPlanTask } from './plan-task.js';
import { chooseTemplate, loadTemplates } from './templates.js';
import type { Tools } from '../tools/tools.js';

const FOLDER = fileURLToPath(new URL('../../templates', import.meta.url));

async function inFolder<Result>(files: Record<string, string>, run: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'templates-'));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    return await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const PLAN_FOR = { tenant: 't' };
const ONE = 'name: one\ntitle: One\ndescription: d\nsteps: [{ id: a, kind: wait, input: { ms: 1 } }]\n';

const shelfOf = (tools: readonly Tool[]): Pick<Tools, 'usable' | 'resolve'> => ({ usable: async () => new Map(tools.map((tool) => [tool.name, tool])), resolve: async () => null });

describe('the bundled templates', () => {
  it('are these, and each can run with the bundled tools', async () => {
    const templates = await loadTemplates(FOLDER);
    const tools = await bundledTools();
    const planTask = createPlanTask({ tools: shelfOf(tools), templates, checkInput: createInputCheck(), toolPolicyOf: async () => undefined });
    expect([...templates.keys()]).toEqual(['agent', 'analyse-data', 'auto', 'debate', 'research', 'summarise']);
    for (const name of templates.keys()) await expect(planTask({ goal: 'g', template: name }, PLAN_FOR)).resolves.toMatchObject({ template: name });
  });

  it('shows the planner the tools that nobody has to approve, and the templates that do not plan', async () => {
    const templates = await loadTemplates(FOLDER);
    const tools = await bundledTools();
    const dangerous = { ...tools[0], name: 'launch', dangerous: true } as Tool;
    const planTask = createPlanTask({ tools: shelfOf([...tools, dangerous]), templates, checkInput: createInputCheck(), toolPolicyOf: async () => undefined });
    const { catalog } = await planTask({ goal: 'g', template: 'auto' }, PLAN_FOR);
    expect(catalog?.tools.map((tool) => tool.name)).toEqual(tools.map((tool) => tool.name).sort());
    expect(catalog?.templates.map((template) => template.name)).toEqual(['agent', 'analyse-data', 'debate', 'research', 'summarise']);
    expect((await planTask({ goal: 'g', template: 'research' }, PLAN_FOR)).catalog).toBeUndefined();
    await expect(planTask({ goal: 'g', plan: { steps: [{ id: 'a', kind: 'tool', tool: 'launch' }] } }, { tenant: 't', allowed: ['calculator'] })).rejects.toThrow('launch');
  });
});

describe('a tenant whose policy denies tools', () => {
  it('plans without them, and is told when a plan names one', async () => {
    const templates = await loadTemplates(FOLDER);
    const tools = await bundledTools();
    const toolPolicyOf = async (tenant: string) => (tenant === 'bound' ? { deny: ['calculator'] } : undefined);
    const planTask = createPlanTask({ tools: shelfOf(tools), templates, checkInput: createInputCheck(), toolPolicyOf });
    const shown = async (tenant: string) => (await planTask({ goal: 'g', template: 'auto' }, { tenant })).catalog?.tools.map(({ name }) => name);
    expect([(await shown('free'))?.includes('calculator'), (await shown('bound'))?.includes('calculator')]).toEqual([true, false]);
    const plan: Plan = { steps: [{ id: 'a', kind: 'tool', tool: 'calculator', input: { expression: '1' } }] };
    await expect(planTask({ goal: 'g', plan }, { tenant: 'free' })).resolves.toMatchObject({ plan });
    await expect(planTask({ goal: 'g', plan }, { tenant: 'bound' })).rejects.toMatchObject({ failure: { code: 'plan_invalid', message: expect.stringContaining('calculator, which the policy of tenant bound denies') } });
  });
});

describe('a folder of templates', () => {
  it('gives each the digest of its content', async () => {
    const first = await inFolder({ 'one.yaml': ONE }, loadTemplates);
    const same = await inFolder({ 'one.yaml': `# another comment\n${ONE}` }, loadTemplates);
    const other = await inFolder({ 'one.yaml': ONE.replace('ms: 1', 'ms: 2') }, loadTemplates);
    expect(same.get('one')?.digest).toBe(first.get('one')?.digest);
    expect(other.get('one')?.digest).not.toBe(first.get('one')?.digest);
  });

  it('with a mistake is not loaded, and the mistake is named', async () => {
    await expect(inFolder({ 'one.yaml': ONE.replace('kind: wait', 'kind: nap') }, loadTemplates)).rejects.toThrow(/the template one\.yaml.*\/steps\/0\/kind/i);
    await expect(inFolder({ 'one.yaml': 'name: [' }, loadTemplates)).rejects.toThrow('The template one.yaml is not YAML');
    await expect(inFolder({ 'two.yaml': ONE }, loadTemplates)).rejects.toThrow('call it one.yaml');
  });

  it('says which there are when another is asked for', async () => {
    const templates = await inFolder({ 'one.yaml': ONE }, loadTemplates);
    expect(() => chooseTemplate(templates, 'two')).toThrow('There is no template two; there are one.');
  });
});
