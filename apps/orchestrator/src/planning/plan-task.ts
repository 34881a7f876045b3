import { FailureError, isRemoteDenied, isToolDenied, type EventData, type Plan, type PlanStep, type TaskSubmit, type Tool, type ToolPolicy, type Template } from '@trivet/contracts';
import type { Tools } from '../tools/tools.js';
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

export interface PlanFor {
  tenant: string;
  /** Names of the only tools it may use; absent: any. */
  allowed?: readonly string[] | undefined;
}

/**
 * The plan of a task: the one that was sent, or that of its template, checked against the tools there are for its tenant.
 * @throws FailureError plan_invalid, template_unknown, unavailable
 */
export type PlanTask = (task: ToPlan, planFor: PlanFor) => Promise<Planned>;

export interface PlanningParts {
  tools: Pick<Tools, 'usable' | 'resolve'>;
  templates: ReadonlyMap<string, Template>;
  checkInput: InputCheck;
  /** What the policy of a tenant says of tools. */
  toolPolicyOf: (tenant: string) => Promise<ToolPolicy | undefined>;
}

export function createPlanTask({ tools: shelf, templates, checkInput, toolPolicyOf }: PlanningParts): PlanTask {
  return async (task, { tenant, allowed }) => {
    const template = task.plan === undefined ? chooseTemplate(templates, task.template) : null;
    const plan = task.plan ?? template?.plan ?? { steps: [] };
    const [all, policy] = await Promise.all([toolsFor(shelf, tenant, plan), toolPolicyOf(tenant)]);
    const denied = new Map([...all].flatMap(([reference, tool]) => denialOf(policy, tenant, tool).map((reason): [string, string] => [reference, reason])));
    const tools = new Map([...all].filter(([reference, tool]) => !denied.has(reference) && allowed?.includes(tool.name) !== false));
    orUnavailable(all, () => checkPlan(plan, tools, checkInput, denied));
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

/** While there are none of our own tools (no executor came yet, or Redis lost them a moment ago), nobody can say that a plan is wrong to name one. */
function orUnavailable(all: ReadonlyMap<string, Tool>, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof FailureError) || [...all.values()].some((tool) => tool.bundled)) throw error;
    throw new FailureError('unavailable', `No executor has brought its tools, so the plan cannot be checked: ${error.message}`, { cause: error, hint: 'Send it again in a few seconds; start an executor if none is up.' });
  }
}

/** Why a tenant's policy denies a tool; empty: it does not. */
function denialOf(policy: ToolPolicy | undefined, tenant: string, { name, remote, bundled }: Tool): string[] {
  if (isToolDenied(policy, name)) return [`which the policy of tenant ${tenant} denies`];
  return remote !== undefined && isRemoteDenied(policy, { tenant, remote, bundled }) ? [`which the policy of tenant ${tenant} does not let ${remote} answer`] : [];
}

/** The tools a plan of this tenant may use by name, and the versions that it names. */
async function toolsFor(shelf: Pick<Tools, 'usable' | 'resolve'>, tenant: string, plan: Plan): Promise<ReadonlyMap<string, Tool>> {
  const byName = await shelf.usable(tenant);
  const references = new Set(plan.steps.flatMap(referencesIn));
  if (references.size === 0) return byName;
  const resolved = await Promise.all([...references].map(async (reference) => ({ reference, tool: await shelf.resolve(tenant, reference) })));
  return new Map([...byName, ...resolved.flatMap(({ reference, tool }): [string, Tool][] => (tool ? [[reference, tool]] : []))]);
}

function referencesIn(step: PlanStep): string[] {
  return [...(step.tool?.includes('@') ? [step.tool] : []), ...(step.step ? referencesIn(step.step) : [])];
}
