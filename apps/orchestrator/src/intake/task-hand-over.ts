import { TaskAccepted } from '@trivet/contracts';
import type { WorkflowRef } from '@trivet/state';
import { withWorkflow } from '@trivet/telemetry';
import { z } from 'zod';
import { asAsker, askerNow, type Asker } from '../access/asker.js';
import { startHandOver, type HandOverParts } from './hand-over.js';
import type { Submission } from './intake.js';
import { newWorkflowIdFor } from './workflow-id.js';

/** A submitter waits for somebody to take its task; longer than a busy orchestrator takes. */
const WITHIN_MS = 2_000;

/** From one of us, as it was sent. */
const sent = <Sent>(): z.ZodType<Sent> => z.custom<Sent>((value) => typeof value === 'object' && value !== null);
const HandedOverTask = z.object({ ref: z.object({ tenant: z.string(), workflowId: z.string() }), submission: sent<Submission>(), asker: sent<Asker>().optional() });

export type TaskHandOverParts = Pick<HandOverParts, 'bus' | 'workerId' | 'ownerOf'>;

/** Tasks go to the orchestrator that has the partition of their workflow. */
export interface TaskHandOver {
  /** null: it is ours to accept. A task that is refused there is refused here, for the same reasons. */
  give: (ref: WorkflowRef, submission: Submission) => Promise<TaskAccepted | null>;
  /** Takes none of others any more; resolves when those at hand are done. */
  stop: () => Promise<void>;
}

export function startTaskHandOver(parts: TaskHandOverParts, accept: (ref: WorkflowRef, submission: Submission) => Promise<TaskAccepted>): TaskHandOver {
  const handOver = startHandOver({
    ...parts,
    what: 'tasks',
    withinMs: WITHIN_MS,
    serve: async (_about, notice) => {
      const { ref, submission, asker } = HandedOverTask.parse(notice.json());
      return JSON.stringify(await asAsker(asker, () => withWorkflow(ref, () => accept(ref, submission))));
    },
  });
  return {
    give: async (ref, submission) => {
      const given = await handOver.give(ref, { about: `${ref.tenant}.${ref.workflowId}`, body: JSON.stringify({ ref, submission, asker: askerNow() }) });
      return given.status === 'done' ? TaskAccepted.parse(JSON.parse(given.answer)) : null;
    },
    stop: () => handOver.stop(),
  };
}

/** An id for a workflow that is to stay here. */
export function newIdHere({ workerId, ownerOf }: Pick<TaskHandOverParts, 'workerId' | 'ownerOf'>, tenant: string): string {
  return newWorkflowIdFor((workflowId) => (ownerOf({ tenant, workflowId }) ?? workerId) === workerId);
}
