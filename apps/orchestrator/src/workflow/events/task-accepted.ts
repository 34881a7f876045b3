import type { EventData } from '@trivet/contracts';
import { createStepTable } from '../step-table.js';
import type { StepState, WorkflowState } from '../state.js';

/** The first event: makes the state. */
export function applyTaskAccepted(data: EventData<'task.accepted'>, workflowId: string, at: string): WorkflowState {
  const { plan, ...accepted } = data;
  const steps = plan.steps.map((step): StepState => ({ id: step.id, status: 'pending', attempts: 0, startedAt: null, finishedAt: null, calls: [], input: null }));
  return { accepted: { ...accepted, plan, workflowId, createdAt: at }, steps: createStepTable(steps), done: 0, startedAt: null, status: 'accepted' };
}
