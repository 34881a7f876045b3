import type { Event } from '@trivet/contracts';

/** What the dashboard reads of a step of a plan. */
export interface PlannedStep {
  id: string;
  dependsOn?: string[];
  tool?: string;
}

/** The steps of the plan a workflow follows, by id; empty until its first event is read. */
export function plannedIn(events: readonly Event[]): Map<string, PlannedStep> {
  const plan = events[0]?.type === 'task.accepted' ? events[0].data['plan'] : undefined;
  const steps: unknown = typeof plan === 'object' && plan !== null && 'steps' in plan ? plan.steps : [];
  return new Map(Array.isArray(steps) ? steps.filter(isPlanned).map((step) => [step.id, step]) : []);
}

const isPlanned = (value: unknown): value is PlannedStep => typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string';

/** The tool a step calls: the plan names it, or for a step inside another the event that made it. undefined: it calls none. */
export function toolOf(stepId: string, events: readonly Event[]): string | undefined {
  const { tool } = plannedIn(events).get(stepId) ?? {};
  if (typeof tool === 'string') return tool;
  const child = events.find(({ data }) => data['stepId'] === stepId && data['child'] !== undefined)?.data['child'];
  return typeof child === 'object' && child !== null && 'tool' in child && typeof child.tool === 'string' ? child.tool : undefined;
}
