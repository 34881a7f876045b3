import type { Page, Step, Workflow } from '@trivet/contracts';
import { getJson, send } from './http.js';

/** A workflow that was run to its end, with its steps. */
export interface Ran {
  workflow: Workflow;
  steps: Step[];
}

/** How long one request waits before it is asked again, and how often: five minutes in all. */
const WAIT = '30s';
const MOST_WAITS = 10;

/** Runs a plan of one step as a workflow like any other: budgeted, traced, audited. Resolves when it has ended. */
export async function runOneStep(step: Record<string, unknown>, goal: string, labels: Record<string, string>): Promise<Ran> {
  // The id is chosen here, so that asking again is the same task and not another one.
  const task = { goal, plan: { steps: [step] }, labels, workflowId: newId(step['id']) };
  const wait = () => send<Workflow>(`/api/v1/tasks?wait=${WAIT}`, { method: 'POST', body: task });
  let workflow = await wait();
  for (let waits = 1; !isOver(workflow) && waits < MOST_WAITS; waits += 1) workflow = await wait();
  const { items } = await getJson<Page<Step>>(`/api/v1/workflows/${workflow.workflowId}/steps`);
  return { workflow, steps: items };
}

const isOver = ({ status }: Pick<Workflow, 'status'>): boolean => status === 'completed' || status === 'failed' || status === 'cancelled';

const newId = (stepId: unknown): string => `${String(stepId)}-${[...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
