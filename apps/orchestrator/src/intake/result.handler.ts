import { Controller, Inject } from '@nestjs/common';
import { DeadLetterError, MOST_DELIVERIES, OnDelivery, subjectToken, type Delivery } from '@trivet/bus';
import { CONSUMERS, FailureError, HEADERS, ModelResult, ToolResult, asFailureError, parseJsonText, parseOrFail } from '@trivet/contracts';
import type { WorkflowRef } from '@trivet/state';
import { withWorkflow } from '@trivet/telemetry';
import type { KeepArtefacts } from '../files/artefacts.js';
import type { Runner } from '../runner/runner.js';
import type { Tier } from '../workflow/tier.js';
import { KEEP_ARTEFACTS, REACH, RUNNER, type Reach } from '../tokens.js';

/** Results of calls: each moves its workflow forward once, however often it is delivered. */
@Controller()
export class ResultHandler {
  constructor(
    @Inject(RUNNER) private readonly runner: Runner,
    @Inject(KEEP_ARTEFACTS) private readonly keepArtefacts: KeepArtefacts,
    @Inject(REACH) private readonly reach: Reach,
  ) {}

  @OnDelivery(CONSUMERS.results)
  async onResult(delivery: Delivery): Promise<void> {
    const tier: Tier = subjectToken(delivery.subject, 2) === 'model' ? 'model' : 'tool';
    const result = readResult(delivery, tier);
    const ref = { tenant: result.tenant, workflowId: result.workflowId };
    await withWorkflow(ref, () => this.apply(ref, tier, result, delivery));
    this.reach('orchestrator.after-result-before-ack');
  }

  /** What no attempt can apply must not leave its workflow waiting for ever. */
  private async apply(ref: WorkflowRef, tier: Tier, result: ToolResult | ModelResult, delivery: Delivery): Promise<void> {
    try {
      const kept = 'artefacts' in result ? await this.keepArtefacts(ref, result) : result;
      await this.runner.deliver(ref, { type: 'result', tier, result: kept });
    } catch (error) {
      if (asFailureError(error).failure.code === 'unavailable' || delivery.deliveries < MOST_DELIVERIES - 1) throw error;
      const { failure } = new FailureError('internal', `The result of step ${result.stepId} could not be applied: ${error instanceof Error ? error.message : String(error)}`);
      await this.runner.deliver(ref, { type: 'give-up', failure });
    }
  }
}

/** A result must be what its subject says it is: nobody speaks for another tenant or workflow. */
function readResult(delivery: Delivery, tier: Tier): ToolResult | ModelResult {
  if (delivery.header(HEADERS.workflowId) === undefined) throw new DeadLetterError(`a message on ${delivery.subject} without ${HEADERS.workflowId}`);
  try {
    const body = parseJsonText(new TextDecoder().decode(delivery.data), 'the result');
    const result = tier === 'model' ? parseOrFail(ModelResult, body, 'the result') : parseOrFail(ToolResult, body, 'the result');
    if (subjectToken(delivery.subject, 4) !== result.tenant || subjectToken(delivery.subject, 5) !== result.workflowId) throw new DeadLetterError(`the result of ${result.tenant}/${result.workflowId} came on ${delivery.subject}`);
    return result;
  } catch (error) {
    if (error instanceof FailureError) throw new DeadLetterError(error.errors.length > 0 ? `${error.message}: ${error.errors.map((mistake) => `${mistake.pointer} ${mistake.detail}`).join('; ')}` : error.message);
    throw error;
  }
}
