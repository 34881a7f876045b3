import { NANO_USD_PER_USD } from '@trivet/contracts';
import type { Ledger, WorkflowRef } from '@trivet/state';
import type { Gatekeeper } from '../policy/gatekeeper.js';
import { hasOwnBudget, type WorkflowState } from '../workflow/state.js';
import type { Runner } from './runner.js';

export interface BeginParts {
  ledger: Pick<Ledger, 'setLimits'>;
  runner: Pick<Runner, 'deliver' | 'read'>;
  gatekeeper: Pick<Gatekeeper, 'enter'>;
}

/**
 * Gives a workflow's account the limit it was accepted with, and lets it begin: in this order, so that its first call finds
 * the limit, and only after it was accepted, so that the limit is that of the body that won. One whose key or tenant has
 * enough running stands in line instead, and is begun when its turn comes.
 */
export async function openAndBegin({ ledger, runner, gatekeeper }: BeginParts, ref: WorkflowRef, state: WorkflowState): Promise<void> {
  const { tokens, costUsd } = state.accepted.task.budget ?? {};
  if (hasOwnBudget(state)) {
    const limits = { window: 'total', ...(tokens === undefined ? {} : { limitTokens: tokens }), ...(costUsd === undefined ? {} : { limitNanoUsd: Math.floor(costUsd * NANO_USD_PER_USD) }) } as const;
    await ledger.setLimits({ scope: 'workflow', tenant: ref.tenant, id: ref.workflowId }, [limits]);
  }
  if (state.accepted.gated && (await gatekeeper.enter(state)).status === 'waits') return;
  await runner.deliver(ref, { type: 'begin' });
}

/** The same for a workflow that was left accepted by a process that died. */
export async function beginAccepted(parts: BeginParts, ref: WorkflowRef): Promise<void> {
  const state = await parts.runner.read(ref);
  if (state?.status === 'accepted') await openAndBegin(parts, ref, state);
}
