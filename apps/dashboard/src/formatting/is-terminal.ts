import type { WorkflowStatus } from '@trivet/contracts';

/** Whether a workflow has come to its end. (The contracts have the same; importing it would bring their schemas into the bundle.) */
export const isTerminal = (status: WorkflowStatus): boolean => status === 'completed' || status === 'failed' || status === 'cancelled';
