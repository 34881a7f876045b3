import { asFailureError, FailureError, type Failure } from '@trivet/contracts';
import type { WorkflowRef } from '@trivet/state';
import { hasEnded, type StepState, type WorkflowState } from '../workflow/state.js';
import type { ChildEnd } from '../workflow/transition.js';
import type { Runner } from './runner.js';

/**
 * Child workflows lie in partitions of their own, so nothing about them is atomic with their parent. Each of these may be
 * repeated at will; the parent's timer repeats them until the child has begun, ended, or was told to stop.
 */
export interface Children {
  /** Begins the child of a step unless it is there; tells the parent when it has ended. */
  ensure: (ref: WorkflowRef, stepId: string) => Promise<void>;
  tell: (ref: WorkflowRef, childId: string, what: 'cancel' | 'pause' | 'resume') => Promise<void>;
  /** A workflow has ended: the step of another that waits for it is told. */
  report: (ref: WorkflowRef, state: WorkflowState) => Promise<void>;
  /** The timer of a child whose parent no longer waits for it. */
  lookAfter: (ref: WorkflowRef, timer: string) => Promise<void>;
}

export interface ChildrenParts {
  runner: Pick<Runner, 'read' | 'deliver'>;
  /**
   * @returns how it ended, where there is nothing to begin
   * @throws FailureError: the child cannot run as it is written
   */
  begin: (parent: WorkflowState, step: StepState, childId: string) => Promise<ChildEnd | null>;
}

const TIMER = 'child-';

export function createChildren({ runner, begin }: ChildrenParts): Children {
  async function report(childRef: WorkflowRef, child: WorkflowState): Promise<void> {
    const { parent } = child.accepted;
    const end = endOf(child);
    if (!parent || !end) return;
    await runner.deliver({ tenant: childRef.tenant, workflowId: parent.workflowId }, { type: 'child-ended', stepId: parent.stepId, childId: childRef.workflowId, end });
  }

  async function tell(ref: WorkflowRef, childId: string, what: 'cancel' | 'pause' | 'resume'): Promise<void> {
    const reason = `its parent ${ref.workflowId} was ${what === 'cancel' ? 'ended' : 'paused'}`;
    await runner.deliver({ tenant: ref.tenant, workflowId: childId }, what === 'resume' ? { type: 'resume' } : { type: what, reason });
  }

  async function ensure(ref: WorkflowRef, stepId: string): Promise<void> {
    const parent = await runner.read(ref);
    const step = parent?.steps.get(stepId);
    if (!parent || step?.status !== 'open' || step.work.kind !== 'workflow') return;
    const { childId } = step.work;
    const childRef = { tenant: ref.tenant, workflowId: childId };
    const child = await runner.read(childRef);
    if (child) return report(childRef, child);
    try {
      const end = await begin(parent, step, childId);
      if (end) await runner.deliver(ref, { type: 'child-ended', stepId, childId, end });
    } catch (error) {
      if (!(error instanceof FailureError) || error.failure.code === 'unavailable') throw error;
      await runner.deliver(ref, { type: 'child-ended', stepId, childId, end: { status: 'failed', failure: failureOf(error) } });
    }
  }

  return {
    ensure,
    tell,
    report,
    lookAfter: async (ref, timer) => {
      if (!timer.startsWith(TIMER)) return;
      const step = (await runner.read(ref))?.steps.get(timer.slice(TIMER.length));
      if ((step?.status !== 'cancelled' && step?.status !== 'failed') || step.work?.kind !== 'workflow') return;
      await tell(ref, step.work.childId, 'cancel');
    },
  };
}

const MOST_MISTAKES = 50;

/** The message names the first few mistakes of a plan; what comes after may want them all. */
function failureOf(error: FailureError): Failure {
  const { failure } = asFailureError(error);
  return error.errors.length === 0 ? failure : { ...failure, detail: { ...failure.detail, errors: error.errors.slice(0, MOST_MISTAKES) } };
}

function endOf(child: WorkflowState): ChildEnd | null {
  if (!hasEnded(child)) return null;
  if (child.status === 'completed') return { status: 'completed', output: child.result, ...(child.resultRef ? { outputRef: child.resultRef } : {}) };
  if (child.status === 'failed') return { status: 'failed', failure: child.failure };
  const reason = child.status === 'cancelled' ? child.reason : '';
  return { status: 'failed', failure: new FailureError('cancelled', `The child workflow ${child.accepted.workflowId} was cancelled: ${reason}`).failure };
}
