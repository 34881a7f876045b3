import { Controller, Inject } from '@nestjs/common';
import { DeadLetterError, OnDelivery, subjectToken, type Delivery } from '@trivet/bus';
import { CONSUMERS, FailureError, HEADERS, ModelCall, parseJsonText, parseOrFail } from '@trivet/contracts';
import { MODEL_RUNNER } from '../tokens.js';
import type { ModelRunner } from './model-runner.js';

/** Calls of models, from the bus. */
@Controller()
export class CallHandler {
  constructor(@Inject(MODEL_RUNNER) private readonly runner: ModelRunner) {}

  @OnDelivery(CONSUMERS.modelCalls)
  async onCall(delivery: Delivery): Promise<void> {
    await this.runner.run(readCall(delivery));
  }
}

/** A call must be what its subject says it is: nobody asks on the account of another tenant or workflow. */
function readCall(delivery: Delivery): ModelCall {
  if (delivery.header(HEADERS.workflowId) === undefined) throw new DeadLetterError(`a message on ${delivery.subject} without ${HEADERS.workflowId}`);
  try {
    const call = parseOrFail(ModelCall, parseJsonText(new TextDecoder().decode(delivery.data), 'the call'), 'the call');
    if (subjectToken(delivery.subject, 4) !== call.tenant || subjectToken(delivery.subject, 5) !== call.workflowId) throw new DeadLetterError(`the call of ${call.tenant}/${call.workflowId} came on ${delivery.subject}`);
    return call;
  } catch (error) {
    if (error instanceof FailureError) throw new DeadLetterError(error.message);
    throw error;
  }
}
