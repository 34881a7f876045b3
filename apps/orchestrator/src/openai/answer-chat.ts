import type { Bus } from '@trivet/bus';
import { FailureError, TERMINAL_EVENTS, parseOrFail, ChatRequest, type Step, type Workflow } from '@trivet/contracts';
import type { WorkflowRef } from '@trivet/state';
import type { Queries } from '../api/queries.js';
import type { Watches } from '../api/watches.js';
import type { Actor } from '../audit/audit-trail.js';
import type { Controls } from '../control/controls.js';
import type { Intake } from '../intake/intake.js';
import { newWorkflowId } from '../intake/workflow-id.js';
import { chunkOf, completionOf, saidBy, usageOf, type Frame } from './chat-answer.js';
import { chatTask } from './chat-task.js';
import type { ModelNames } from './names.js';
import { listenForPieces, type Pieces } from './pieces.js';

export interface ChatParts {
  intake: Pick<Intake, 'submit'>;
  queries: Pick<Queries, 'workflow' | 'steps'>;
  watches: Pick<Watches, 'follow'>;
  controls: Pick<Controls, 'cancel'>;
  bus: Pick<Bus, 'listen'>;
  names: ModelNames;
}

/** A chat completion whose workflow has begun. */
export interface Chat {
  ref: WorkflowRef;
  wantsStream: boolean;
  /** The whole answer. */
  whole: () => Promise<object>;
  /** The answer in pieces, as the objects of OpenAI's stream. */
  stream: (send: (chunk: object) => Promise<void>) => Promise<void>;
}

/** Begins the workflow of a chat completion. When `signal` says that the client is gone, the workflow is cancelled. */
export async function beginChat(parts: ChatParts, by: Actor, body: unknown, signal: AbortSignal): Promise<Chat> {
  const request = parseOrFail(ChatRequest, body, 'the request');
  const named = await parts.names.resolve(request.model);
  const task = chatTask(request, named);
  const ref = { tenant: by.tenant, workflowId: newWorkflowId() };
  const frame: Frame = { id: `chatcmpl-${ref.workflowId}`, created: Math.floor(Date.now() / 1_000), model: request.model };
  // They are heard from before the workflow begins; those of an answer that is checked whole, or of several, say nothing alone.
  const isPlain = request.stream === true && named.by !== 'template' && (request.tools ?? []).length === 0 && (request.response_format?.type ?? 'text') === 'text';
  const pieces = listenForPieces(parts.bus, ref, isPlain);
  await parts.intake.submit({ tenant: by.tenant, body: { ...task, workflowId: ref.workflowId }, source: 'http', actor: by.actor }).catch((error: unknown) => {
    pieces.end();
    throw error;
  });
  const ended = untilEnd(parts, ref, by, signal).finally(() => pieces.end());
  // Whoever asks for the answer hears of its failure; nobody may.
  ended.catch(() => undefined);
  return {
    ref,
    wantsStream: request.stream === true,
    whole: async () => {
      const { workflow, steps } = await ended;
      const said = saidBy(workflow);
      return completionOf({ ...frame, model: said.model ?? frame.model }, said, usageOf(steps));
    },
    stream: (send) => sendPieces({ frame, pieces, ended, wantsUsage: request.stream_options?.include_usage === true }, send),
  };
}

interface Ended {
  workflow: Workflow;
  steps: Step[];
}

async function sendPieces({ frame, pieces, ended, wantsUsage }: { frame: Frame; pieces: Pieces; ended: Promise<Ended>; wantsUsage: boolean }, send: (chunk: object) => Promise<void>): Promise<void> {
  await send(chunkOf(frame, { role: 'assistant', content: '' }));
  for (let text = await pieces.next(); text !== null; text = await pieces.next()) await send(chunkOf(frame, { content: text }));
  const { workflow, steps } = await ended;
  const said = saidBy(workflow);
  const rest = pieces.rest(said.text);
  if (rest !== '') await send(chunkOf(frame, { content: rest }));
  if (said.toolCalls.length > 0) await send(chunkOf(frame, { tool_calls: said.toolCalls.map((call, index) => ({ index, ...call })) }));
  await send(chunkOf(frame, {}, said.finishReason));
  if (wantsUsage) await send({ ...frame, object: 'chat.completion.chunk', choices: [], usage: usageOf(steps) });
}

/** @throws FailureError of the workflow when it did not complete */
async function untilEnd({ queries, watches, controls }: ChatParts, ref: WorkflowRef, by: Actor, signal: AbortSignal): Promise<Ended> {
  let ended = false;
  await watches.follow(ref, 0, { signal, onEvent: ({ type }) => void (ended ||= TERMINAL_EVENTS.includes(type)) });
  if (!ended && signal.aborted) await controls.cancel(ref, 'the client of the chat completion went away', by.actor).catch(unlessItEnded);
  const workflow = await queries.workflow(ref);
  if (workflow.status === 'completed') return { workflow, steps: (await queries.steps(ref)).items };
  const { code, message, hint, detail } = workflow.failure ?? { code: 'cancelled' as const, message: `The workflow ${ref.workflowId} was cancelled.` };
  throw new FailureError(code, message, { ...(hint ? { hint } : {}), detail: { ...detail, workflowId: ref.workflowId } });
}

function unlessItEnded(error: unknown): void {
  if (!(error instanceof FailureError) || error.failure.code !== 'state_conflict') throw error;
}
