import type { EventData, Plan, TaskSubmit, Tool, Template } from '@trivet/contracts';
import type { ToolCatalog } from '@trivet/state';
import { catalogOf, looksAtCatalog } from './catalog.js';
import { pinnedTools } from './pinned-tools.js';
import { checkPlan, type InputCheck } from './plan-check.js';
import { chooseTemplate } from './templates.js';

/** A plan that was checked, where it comes from, and what it was pinned to. */
export type Planned = Pick<EventData<'task.accepted'>, 'plan' | 'template' | 'templateDigest' | 'tools' | 'catalog' | 'allowedTools'>;

/** What of a task says how it is planned. */
export interface ToPlan {
  goal: TaskSubmit['goal'];
  plan?: Plan | undefined;
  template?: string | undefined;
}

/**
 * The plan of a task: the one that was sent, or that of its template, checked against the tools there are.
 * @param allowed names of the only tools it may use; absent: any
 * @throws FailureError plan_invalid, template_unknown
 */
export type PlanTask = (task: ToPlan, allowed?: readonly string[]) => Promise<Planned>;

export interface PlanningParts {
  catalog: Pick<ToolCatalog, 'list'>;
  templates: ReadonlyMap<string, Template>;
  checkInput: InputCheck;
}

export function createPlanTask({ catalog, templates, checkInput }: PlanningParts): PlanTask {
  return async (task, allowed) => {
    const template = task.plan === undefined ? chooseTemplate(templates, task.template) : null;
    const plan = task.plan ?? template?.plan ?? { steps: [] };
    const all = await toolsByName(catalog);
    const tools = allowed ? new Map([...all].filter(([name]) => allowed.includes(name))) : all;
    checkPlan(plan, tools, checkInput);
    const pinned = pinnedTools(plan, tools);
    return {
      plan,
      template: template?.name ?? null,
      templateDigest: template?.digest ?? null,
      ...(pinned ? { tools: pinned } : {}),
      ...(looksAtCatalog(plan) ? { catalog: catalogOf(task.goal, tools, templates) } : {}),
      ...(allowed ? { allowedTools: [...allowed] } : {}),
    };
  };
}

export async function toolsByName(catalog: Pick<ToolCatalog, 'list'>): Promise<ReadonlyMap<string, Tool>> {
  return new Map((await catalog.list()).map((tool): [string, Tool] => [tool.name, tool]));
}
