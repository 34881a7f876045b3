import { ModelResult, type ModelCall } from '@trivet/contracts';
import type { ModelContext } from './context.js';

/** What a call came to before, if it did. */
export async function recordedResultOf({ tenant, workflowId, callId }: ModelCall, { ledger }: Pick<ModelContext, 'ledger'>): Promise<ModelResult | null> {
  const recorded = await ledger.recordedResult(tenant, workflowId, callId);
  return recorded === null ? null : ModelResult.parse(JSON.parse(recorded));
}
