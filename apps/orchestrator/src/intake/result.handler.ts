import { Controller, Inject } from '@nestjs/common';
import { DeadLetterError, OnDelivery, subjectToken, type Delivery } from '@trivet/bus';
import { CONSUMERS, FailureError, HEADERS, ModelResult, ToolResult, parseJsonText, parseOrFail } from '@trivet/contracts';
import { withWorkflow } from '@trivet/telemetry';
import type { Runner } from '../runner/runner.js';
import type { Tier } from '../workflow/tier.js';
import { REACH, RUNNER, type Reach } from '../tokens.js';

/** Results of calls: each moves its workflow forward once, however often it is delivered. */
@Controller()
export class ResultHandler {
  constructor(
    @Inject(RUNNER) private readonly runner: Runner,
    @Inject(REACH) private readonly reach: Reach,
  ) {}

  @OnDelivery(CONSUMERS.results)
  async onResult(delivery: Delivery): Promise<void> {
    const tier: Tier = subjectToken(delivery.subject, 2) === 'model' ? 'model' : 'tool';
    const result = readResult(delivery, tier);
    const ref = { tenant: result.tenant, workflowId: result.workflowId };
    await withWorkflow(ref, () => this.runner.deliver(ref, { type: 'result', tier, result }));
    this.reach('orchestrator.after-result-before-ack');
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
