import type { PinnedTool, Plan, PlanStep, Tool } from '@trivet/contracts';

/**
 * What a workflow has to know of its tools when it is accepted: what an agent is offered, which tools a person has to
 * approve, and which version runs of a tool that was uploaded or is named with its version. Undefined when there is nothing of that.
 */
export function pinnedTools(plan: Plan, tools: ReadonlyMap<string, Tool>): Record<string, PinnedTool> | undefined {
  const pinned: Record<string, PinnedTool> = {};
  for (const step of plan.steps) pin(step, tools, pinned);
  return Object.keys(pinned).length > 0 ? pinned : undefined;
}

/** What an uploaded tool's name stands for changes; a workflow keeps to what it was accepted with. */
const versionOf = ({ digest, bundled, version }: Tool): Pick<PinnedTool, 'digest' | 'version'> => ({ digest, ...(bundled ? {} : { version }) });

function pin(step: PlanStep, tools: ReadonlyMap<string, Tool>, pinned: Record<string, PinnedTool>): void {
  if (step.step) pin(step.step, tools, pinned);
  const named = step.tool === undefined ? undefined : tools.get(step.tool);
  if (named && step.tool !== undefined && (named.dangerous || !named.bundled || step.tool !== named.name)) pinned[step.tool] ??= { ...versionOf(named), ...(named.dangerous ? { dangerous: true } : {}) };
  if ((step.kind !== 'agent' && step.kind !== 'code') || step.input === null || typeof step.input !== 'object' || Array.isArray(step.input)) return;
  const offered = step.input['tools'];
  for (const name of Array.isArray(offered) ? offered : []) {
    const tool = typeof name === 'string' ? tools.get(name) : undefined;
    if (tool) pinned[tool.name] = { ...versionOf(tool), description: tool.description, input: tool.input, ...(tool.dangerous ? { dangerous: true } : {}) };
  }
}
