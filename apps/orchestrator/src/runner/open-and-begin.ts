import { NANO_USD_PER_USD, type AcceptedTask } from '@trivet/contracts';
import type { Ledger, WorkflowRef } from '@trivet/state';
import type { Runner } from './runner.js';

interface Parts {
  ledger: Pick<Ledger, 'setLimits'>;
  runner: Pick<Runner, 'deliver' | 'read'>;
}

/**
 * Gives a workflow's account the limit it was accepted with, and lets it begin: in this order, so that its first call finds
 * the limit, and only after it was accepted, so that the limit is that of the body that won.
 */
export async function openAndBegin({ ledger, runner }: Parts, ref: WorkflowRef, task: AcceptedTask): Promise<void> {
  const { tokens, costUsd } = task.budget ?? {};
  const limits = { window: 'total', ...(tokens === undefined ? {} : { limitTokens: tokens }), ...(costUsd === undefined ? {} : { limitNanoUsd: Math.floor(costUsd * NANO_USD_PER_USD) }) } as const;
  await ledger.setLimits({ scope: 'workflow', tenant: ref.tenant, id: ref.workflowId }, [limits]);
  await runner.deliver(ref, { type: 'begin' });
}

/** The same for a workflow that was left accepted by a process that died. */
export async function beginAccepted(parts: Parts, ref: WorkflowRef): Promise<void> {
  const state = await parts.runner.read(ref);
  if (state?.status === 'accepted') await openAndBegin(parts, ref, state.accepted.task);
}
