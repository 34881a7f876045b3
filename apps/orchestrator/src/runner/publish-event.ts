import { subjects, type Bus } from '@trivet/bus';
import type { EventType } from '@trivet/contracts';
import type { WorkflowRef } from '@trivet/state';

/** Sends an event, as it stands in the history, to the journal. Its message id makes a repeat harmless. */
export async function publishEvent(bus: Bus, ref: WorkflowRef, text: string): Promise<void> {
  const event: { seq: number; type: EventType; at: string } = JSON.parse(text);
  await bus.publish(subjects.event(ref.tenant, ref.workflowId, event.type), text, {
    isText: true,
    workflowId: ref.workflowId,
    messageId: `${ref.tenant}:${ref.workflowId}:e${event.seq}`,
    headers: {
      'ce-specversion': '1.0',
      'ce-type': `trivet.${event.type}`,
      'ce-source': `/trivet/${ref.tenant}`,
      'ce-id': `${ref.workflowId}.${event.seq}`,
      'ce-time': event.at,
      'ce-subject': ref.workflowId,
      'ce-datacontenttype': 'application/json',
    },
  });
}
