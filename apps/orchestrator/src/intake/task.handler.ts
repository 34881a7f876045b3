import { Controller, Inject } from '@nestjs/common';
import { DeadLetterError, OnDelivery, subjects, subjectToken, type Bus, type Delivery } from '@trivet/bus';
import { CONSUMERS, DEFAULT_TENANT, FailureError, HEADERS, isIdentifier, type EventData } from '@trivet/contracts';
import { BUS, INTAKE } from '../tokens.js';
import { readSubmitted } from './cloud-event.js';
import type { Intake } from './intake.js';
import { newWorkflowId } from './workflow-id.js';

/** Tasks published on the bus: accepted, or rejected with an event and a dead letter; never silently dropped. */
@Controller()
export class TaskHandler {
  constructor(
    @Inject(INTAKE) private readonly intake: Intake,
    @Inject(BUS) private readonly bus: Bus,
  ) {}

  @OnDelivery(CONSUMERS.tasks)
  async onTask(delivery: Delivery): Promise<void> {
    const tenant = subjectToken(delivery.subject, 4) ?? DEFAULT_TENANT;
    const messageId = delivery.header(HEADERS.messageId);
    // Answering one of our own events with another would never end.
    if (delivery.header('ce-source')?.startsWith('/trivet/')) throw new DeadLetterError('an event of Trivet itself came as a task');
    let claimedId: string | undefined;
    try {
      if (!isIdentifier(tenant)) throw new FailureError('invalid_request', `The tenant ${JSON.stringify(tenant)} in the subject is not an id.`);
      const { body, eventId } = readSubmitted(delivery);
      claimedId = claimedWorkflowId(body) ?? eventId ?? messageId;
      const fallbackId = eventId ?? messageId;
      await this.intake.submit({ tenant, body, source: 'bus', actor: 'bus', delivery: { id: delivery.id, count: delivery.deliveries }, ...(fallbackId ? { fallbackId } : {}) });
    } catch (error) {
      if (!(error instanceof FailureError) || error.failure.code === 'unavailable' || error.failure.code === 'internal') throw error;
      await this.reject(isIdentifier(tenant) ? tenant : DEFAULT_TENANT, delivery, error, claimedId, messageId);
    }
  }

  private async reject(tenant: string, delivery: Delivery, error: FailureError, claimedId: string | undefined, messageId: string | undefined): Promise<never> {
    // Under a fresh id: the claimed one may belong to a workflow that has nothing to do with this message.
    const workflowId = newWorkflowId();
    const data: EventData<'task.rejected'> = { failure: error.failure, errors: [...error.errors], claimedWorkflowId: claimedId?.slice(0, 200) ?? null, claimedMessageId: messageId?.slice(0, 200) ?? null, subject: delivery.subject };
    const event = { seq: 1, type: 'task.rejected', at: new Date().toISOString(), workflowId, data };
    const headers = { 'ce-specversion': '1.0', 'ce-type': 'trivet.task.rejected', 'ce-source': `/trivet/${tenant}`, 'ce-id': `${workflowId}.1`, 'ce-time': event.at, 'ce-datacontenttype': 'application/json' };
    await this.bus.publish(subjects.event(tenant, workflowId, 'task.rejected'), event, { workflowId, messageId: `rejected-${delivery.stream}-${delivery.streamSeq}`, headers });
    // The message names the first few mistakes; the letter names them all.
    const all = error.errors.map((mistake) => `${mistake.pointer || 'the body'} ${mistake.detail}`).join('; ');
    throw new DeadLetterError(error.message.includes(all) ? error.message : `${error.message} (${all})`);
  }
}

function claimedWorkflowId(body: unknown): string | undefined {
  if (body === null || typeof body !== 'object' || !('workflowId' in body)) return undefined;
  return typeof body.workflowId === 'string' ? body.workflowId : undefined;
}
