import type { Event, Step } from '@trivet/contracts';
import { groupBy } from './group-by.js';

/** An arrow: the second needs the first. */
export interface Edge {
  from: string;
  to: string;
}

interface PlannedStep {
  id: string;
  dependsOn?: string[];
}

/** More steps than this inside one are not drawn, but counted. */
const MOST_INSIDE = 40;

const REFERENCE = /steps\.(?:"([A-Za-z0-9_-]+)"|([A-Za-z0-9_]+))/g;

/** What is drawn: the steps of the plan and those that grew inside them, with what each needs, said or by its expressions. */
export function planGraph(steps: readonly Step[], events: readonly Event[]): { nodes: { step: Step; more: number }[]; edges: Edge[] } {
  const planned = plannedIn(events);
  const byParent = groupBy(steps, ({ parent }) => parent ?? '');
  const nodes: { step: Step; more: number }[] = [];
  const edges: Edge[] = [];
  for (const step of byParent.get('') ?? []) {
    const inside = byParent.get(step.id) ?? [];
    nodes.push({ step, more: Math.max(0, inside.length - MOST_INSIDE) });
    for (const need of needsOf(planned.get(step.id))) edges.push({ from: need, to: step.id });
    for (const child of inside.slice(0, MOST_INSIDE)) {
      nodes.push({ step: child, more: (byParent.get(child.id) ?? []).length });
      edges.push({ from: step.id, to: child.id });
    }
  }
  const drawn = new Set(nodes.map(({ step }) => step.id));
  return { nodes, edges: edges.filter(({ from, to }) => drawn.has(from) && drawn.has(to)) };
}

function needsOf(step: PlannedStep | undefined): Set<string> {
  if (!step) return new Set();
  const { dependsOn = [], ...rest } = step;
  const named = [...JSON.stringify(rest).replaceAll('\\"', '"').matchAll(REFERENCE)].map(([, quoted, bare]) => quoted ?? bare ?? '');
  return new Set([...dependsOn, ...named].filter((id) => id !== '' && id !== step.id));
}

function plannedIn(events: readonly Event[]): Map<string, PlannedStep> {
  const plan = events.find(({ type }) => type === 'task.accepted')?.data['plan'];
  const steps: unknown = typeof plan === 'object' && plan !== null && 'steps' in plan ? plan.steps : [];
  return new Map(Array.isArray(steps) ? steps.filter(isPlanned).map((step) => [step.id, step]) : []);
}

const isPlanned = (value: unknown): value is PlannedStep => typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string';
