import type { EventData } from '@trivet/contracts';
import { createStepTable } from '../step-table.js';
import type { StepState, WorkflowState } from '../state.js';

/** The first event: makes the state. */
export function applyTaskAccepted(data: EventData<'task.accepted'>, workflowId: string, at: string): WorkflowState {
  const { plan, ...accepted } = data;
  return {
    accepted: { ...accepted, plan, workflowId, createdAt: at },
    steps: createStepTable(plan.steps.map((step) => pendingStep(step.id))),
    done: 0,
    calling: 0,
    waiting: 0,
    children: 0,
    signals: [],
    paused: null,
    startedAt: null,
    deadlineAt: null,
    status: 'accepted',
  };
}

export const pendingStep = (id: string): StepState => ({ id, status: 'pending', attempts: 0, startedAt: null, finishedAt: null, calls: [], input: null });
