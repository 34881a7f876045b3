import { Amount, FailureError, MOST_REASON, NANO_USD_PER_USD, parseOrFail, type Approval, type ApprovalDecision, type JsonValue, type Page } from '@trivet/contracts';
import type { ApprovalIndex, Blobs, Ledger, WorkflowRef } from '@trivet/state';
import { z } from 'zod';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Runner } from '../runner/runner.js';
import type { ApprovalWork, StepState, WorkflowState } from '../workflow/state.js';

/** The inbox: what waits for a person. */
export interface Approvals {
  /** Oldest first. */
  list: (tenant: string, options: { limit: number; cursor?: number }) => Promise<Page<Approval>>;
  get: (tenant: string, id: string) => Promise<Approval>;
  /** Of two decisions the first counts; the other gets `state_conflict`. What is approved is what runs. */
  decide: (tenant: string, id: string, decision: ApprovalDecision, actor: string) => Promise<void>;
}

export interface ApprovalParts {
  index: ApprovalIndex;
  runner: Pick<Runner, 'deliver' | 'read'>;
  ledger: Pick<Ledger, 'setLimits'>;
  blobs: Pick<Blobs, 'load'>;
  audit: AuditTrail;
}

/** What an approval of a spent budget may set. */
const BudgetRaise = z.strictObject({ tokens: Amount.optional(), costUsd: z.number().min(0).max(9_000_000).optional() });

export function createApprovals({ index, runner, ledger, blobs, audit }: ApprovalParts): Approvals {
  async function find(tenant: string, id: string): Promise<{ ref: WorkflowRef; state: WorkflowState; step: OpenApproval }> {
    const ref = { tenant, workflowId: id.slice(0, Math.max(0, id.indexOf('.'))) };
    const state = await runner.read(ref).catch(() => null);
    if (!state) throw new FailureError('not_found', `There is no approval ${JSON.stringify(id.slice(0, 140))}.`, { hint: 'See GET /api/v1/approvals for what is open.' });
    for (const step of state.steps.all()) if (isOpenApproval(step) && step.work.approvalId === id) return { ref, state, step };
    throw new FailureError('state_conflict', `The approval ${id} is not open: it was decided, or has expired, or its workflow went on without it.`, { hint: 'See the events of the workflow for who decided what.' });
  }

  async function show(state: WorkflowState, step: OpenApproval): Promise<Approval> {
    const { work } = step;
    const details: JsonValue | null = work.detailsRef ? await blobs.load(work.detailsRef) : work.details;
    const { tenant, workflowId, task } = state.accepted;
    return {
      id: work.approvalId,
      workflowId,
      stepId: step.id,
      tenant,
      purpose: work.purpose,
      question: work.question,
      details,
      goal: task.goal,
      requestedAt: work.requestedAt,
      expiresAt: work.expiresAt === null ? null : new Date(work.expiresAt).toISOString(),
      onExpire: work.onExpire,
    };
  }

  return {
    list: async (tenant, { limit, cursor = 0 }) => {
      const { entries, total } = await index.list(tenant, cursor, limit);
      const shown = await Promise.all(
        entries.map(async ({ workflowId, stepId, approvalId }) => {
          const state = await runner.read({ tenant, workflowId });
          const step = state?.steps.get(stepId);
          return state && step && isOpenApproval(step) && step.work.approvalId === approvalId ? show(state, step) : null;
        }),
      );
      return { items: shown.filter((approval) => approval !== null), nextCursor: cursor + limit < total ? String(cursor + limit) : null };
    },
    get: async (tenant, id) => {
      const { state, step } = await find(tenant, id);
      return show(state, step);
    },
    decide: async (tenant, id, decision, actor) => {
      const { ref, step } = await find(tenant, id);
      // The limit first: should we die in between, it is raised and the question still stands.
      if (step.work.purpose === 'budget' && decision.decision === 'approve' && decision.edited !== undefined) await raise(ledger, ref, decision.edited);
      const outcome = await runner.deliver(ref, { type: 'decide', stepId: step.id, approvalId: id, actor, decision });
      if (outcome !== 'applied') throw new FailureError('state_conflict', `The approval ${id} was decided a moment ago by somebody else.`);
      await audit.record({ tenant, actor, action: `approval.${decision.decision}`, target: `approval/${id}`, workflowId: ref.workflowId, detail: JSON.stringify(decision).slice(0, 2_000), ...(decision.comment ? { reason: decision.comment.slice(0, MOST_REASON) } : {}) });
    },
  };
}

type OpenApproval = Extract<StepState, { status: 'open' }> & { work: ApprovalWork };

const isOpenApproval = (step: StepState): step is OpenApproval => step.status === 'open' && step.work.kind === 'approval';

async function raise(ledger: Pick<Ledger, 'setLimits'>, ref: WorkflowRef, edited: JsonValue): Promise<void> {
  const { tokens, costUsd } = parseOrFail(BudgetRaise, edited, 'edited');
  const limits = { window: 'total', ...(tokens === undefined ? {} : { limitTokens: tokens }), ...(costUsd === undefined ? {} : { limitNanoUsd: Math.floor(costUsd * NANO_USD_PER_USD) }) } as const;
  await ledger.setLimits({ scope: 'workflow', tenant: ref.tenant, id: ref.workflowId }, [limits]);
}
