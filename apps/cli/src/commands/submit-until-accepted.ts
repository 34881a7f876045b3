import { randomUUID } from 'node:crypto';
import { ClientError, type Client } from '@trivet/client';
import type { TaskAccepted, TaskSubmit } from '@trivet/contracts';

const GIVE_UP_AFTER_MS = 30_000;
const AGAIN_AFTER_MS = 100;

/** Submits under an id of our own until an answer comes: a door that dies while it answers cannot make it run twice. */
export async function submitUntilAccepted(client: Client, task: TaskSubmit): Promise<TaskAccepted> {
  const named = { ...task, workflowId: task.workflowId ?? `demo-${randomUUID().slice(0, 8)}` };
  const deadline = Date.now() + GIVE_UP_AFTER_MS;
  for (;;) {
    try {
      return await client.submit(named);
    } catch (error) {
      const mayPass = error instanceof ClientError && (error.code === 'unreachable' || error.status >= 500);
      if (!mayPass || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
    }
  }
}
