import { Controller, Inject } from '@nestjs/common';
import { DeadLetterError, OnDelivery, subjectToken, type Delivery } from '@trivet/bus';
import { CONSUMERS, FailureError, HEADERS, ToolCall, parseJsonText, parseOrFail } from '@trivet/contracts';
import { TOOL_RUNNER } from '../tokens.js';
import type { ToolRunner } from './tool-runner.js';

/** Calls of tools, from the bus. */
@Controller()
export class CallHandler {
  constructor(@Inject(TOOL_RUNNER) private readonly runner: ToolRunner) {}

  @OnDelivery(CONSUMERS.toolCalls)
  async onCall(delivery: Delivery): Promise<void> {
    await this.runner.run(readCall(delivery), delivery.deliveries);
  }
}

function readCall(delivery: Delivery): ToolCall {
  if (delivery.header(HEADERS.workflowId) === undefined) throw new DeadLetterError(`a message on ${delivery.subject} without ${HEADERS.workflowId}`);
  try {
    const call = parseOrFail(ToolCall, parseJsonText(new TextDecoder().decode(delivery.data), 'the call'), 'the call');
    if (subjectToken(delivery.subject, 4) !== call.tenant || subjectToken(delivery.subject, 5) !== call.workflowId) throw new DeadLetterError(`the call of ${call.tenant}/${call.workflowId} came on ${delivery.subject}`);
    return call;
  } catch (error) {
    if (error instanceof FailureError) throw new DeadLetterError(error.message);
    throw error;
  }
}
