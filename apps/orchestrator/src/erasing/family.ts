import { FailureError, isTerminal, type WorkflowEvent } from '@trivet/contracts';
import type { WorkflowRef, WorkflowStore } from '@trivet/state';
import { decodeAccepted, decodeEvent, decodeHead } from '../runner/codec.js';

/** A workflow that is to be erased. */
export interface Member {
  ref: WorkflowRef;
  /** How many events it has; null: its record has left Redis. */
  seq: number | null;
}

export interface FamilyParts {
  store: Pick<WorkflowStore, 'load' | 'loadHeads' | 'readEvents'>;
  /** All that the journal holds of it, in order. */
  journaled: (ref: WorkflowRef) => Promise<string[]>;
}

/**
 * A workflow with all that it began, the children before those that began them: one that is found again after a crash leads to
 * what is left. Null: there is no such workflow.
 * @throws FailureError state_conflict: one of them has not ended, or its parent has not
 */
export async function familyOf(parts: FamilyParts, ref: WorkflowRef): Promise<Member[] | null> {
  const family: Member[] = [];
  const found = await gather(parts, ref, family);
  if (!found) return null;
  const { parent } = found;
  const [head] = parent === undefined ? [] : await parts.store.loadHeads(ref.tenant, [parent]);
  if (head && !isTerminal(decodeHead(head.head).status)) throw new FailureError('state_conflict', `Workflow ${ref.workflowId} was begun by ${parent}, which has not ended.`, { hint: `Cancel ${parent} first; to erase it takes this one along.` });
  return family;
}

async function gather(parts: FamilyParts, ref: WorkflowRef, family: Member[]): Promise<{ parent: string | undefined } | null> {
  const stored = await parts.store.load(ref);
  const texts = stored ? await parts.store.readEvents(ref, 0, stored.seq) : await parts.journaled(ref);
  const events = texts.map((text) => decodeEvent(text));
  const [first] = events;
  if (!stored && !first) return null;
  const status = stored ? decodeHead(stored.head).status : null;
  if (status !== null && !isTerminal(status)) throw new FailureError('state_conflict', `Workflow ${ref.workflowId} is ${status}; only one that has ended can be erased.`, { hint: `Cancel it first: POST /api/v1/workflows/${ref.workflowId}/cancel, or trivet workflows cancel ${ref.workflowId}.` });
  for (const workflowId of new Set(events.flatMap(childOf))) await gather(parts, { tenant: ref.tenant, workflowId }, family);
  family.push({ ref, seq: stored?.seq ?? null });
  const accepted = stored ? decodeAccepted(stored.task) : first?.type === 'task.accepted' ? first.data : undefined;
  return { parent: accepted?.parent?.workflowId };
}

const childOf = (event: WorkflowEvent): string[] => (event.type === 'step.started' && event.data.work?.kind === 'workflow' ? [event.data.work.childId] : []);
