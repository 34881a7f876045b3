import { DeadLetterError, MOST_DELIVERIES, subjectToken, type Delivery } from '@trivet/bus';
import { FailureError, HEADERS, ModelResult, ToolResult, asFailureError, parseJsonText, parseOrFail } from '@trivet/contracts';
import type { WorkflowRef } from '@trivet/state';
import { withWorkflow } from '@trivet/telemetry';
import type { KeepArtefacts } from '../files/artefacts.js';
import type { Runner } from '../runner/runner.js';
import { startHandOver, type HandOverParts } from './hand-over.js';
import type { Tier } from '../workflow/tier.js';

type ResultMessage = Pick<Delivery, 'id' | 'subject' | 'data' | 'header' | 'deliveries'>;

/** Results of calls: each moves its workflow forward once, however often it is delivered. */
export interface Results {
  /** Applies a result, here or where its workflow is. */
  take: (delivery: Delivery) => Promise<void>;
  /** Takes none of others any more; resolves when those at hand are done. */
  stop: () => Promise<void>;
}

export interface ResultParts extends Pick<HandOverParts, 'bus' | 'workerId' | 'ownerOf'> {
  runner: Pick<Runner, 'deliver'>;
  keepArtefacts: KeepArtefacts;
}

/** A result that waits for another orchestrator waits no longer than a person would notice. */
const WITHIN_MS = 500;
const APPLIED = 'applied';
/** The delivery as the broker counts it, for the trace. */
const DELIVERY = 'Trivet-Delivery';

export function createResults({ runner, keepArtefacts, ...parts }: ResultParts): Results {
  /** What no attempt can apply must not leave its workflow waiting for ever. */
  async function applyTo(ref: WorkflowRef, tier: Tier, result: ToolResult | ModelResult, { id, deliveries }: ResultMessage): Promise<void> {
    try {
      const kept = 'artefacts' in result ? await keepArtefacts(ref, result) : result;
      await runner.deliver(ref, { type: 'result', tier, result: kept }, { id, count: deliveries });
    } catch (error) {
      if (asFailureError(error).failure.code === 'unavailable' || deliveries < MOST_DELIVERIES - 1) throw error;
      const { failure } = new FailureError('internal', `The result of step ${result.stepId} could not be applied: ${error instanceof Error ? error.message : String(error)}`);
      await runner.deliver(ref, { type: 'give-up', failure });
    }
  }

  function apply(message: ResultMessage): Promise<void> {
    const tier: Tier = subjectToken(message.subject, 2) === 'model' ? 'model' : 'tool';
    const result = readResult(message, tier);
    const ref = { tenant: result.tenant, workflowId: result.workflowId };
    return withWorkflow(ref, () => applyTo(ref, tier, result, message));
  }

  const handOver = startHandOver({
    ...parts,
    what: 'results',
    withinMs: WITHIN_MS,
    serve: async (subject, { data, header }) => {
      await apply({ subject, data, header, id: header(DELIVERY) ?? '', deliveries: 1 });
      return APPLIED;
    },
  });

  return {
    take: async (delivery) => {
      const { id, subject, data, deliveries } = delivery;
      const ref = { tenant: subjectToken(subject, 4) ?? '', workflowId: subjectToken(subject, 5) ?? '' };
      // What came before is looked at here: who was given it may be the reason.
      if (deliveries > 1) return apply(delivery);
      const given = await handOver.give(ref, { about: subject, body: new TextDecoder().decode(data), headers: { [DELIVERY]: id } });
      if (given.status === 'ours') return apply(delivery);
      // The other may have begun it: two spans of one trace are not called the same.
      if (given.status === 'failed') return apply({ ...delivery, id: `${id}:again` });
    },
    stop: () => handOver.stop(),
  };
}

/** A result must be what its subject says it is: nobody speaks for another tenant or workflow. */
function readResult(message: ResultMessage, tier: Tier): ToolResult | ModelResult {
  if (message.header(HEADERS.workflowId) === undefined) throw new DeadLetterError(`a message on ${message.subject} without ${HEADERS.workflowId}`);
  try {
    const body = parseJsonText(new TextDecoder().decode(message.data), 'the result');
    const result = tier === 'model' ? parseOrFail(ModelResult, body, 'the result') : parseOrFail(ToolResult, body, 'the result');
    if (subjectToken(message.subject, 4) !== result.tenant || subjectToken(message.subject, 5) !== result.workflowId) throw new DeadLetterError(`the result of ${result.tenant}/${result.workflowId} came on ${message.subject}`);
    return result;
  } catch (error) {
    if (error instanceof FailureError) throw new DeadLetterError(error.errors.length > 0 ? `${error.message}: ${error.errors.map((mistake) => `${mistake.pointer} ${mistake.detail}`).join('; ')}` : error.message);
    throw error;
  }
}
