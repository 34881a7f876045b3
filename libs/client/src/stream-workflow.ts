import { TERMINAL_EVENTS, type Delta, type WorkflowEvent } from '@trivet/contracts';
import { ClientError } from './client-error.js';
import type { Send } from './http.js';
import { readServerSentEvents, type ServerSentEvent } from './server-sent-events.js';

/** What arrives while a workflow runs: its facts, numbered without gaps, and pieces of models' answers, which are not kept. */
export type StreamItem = { kind: 'event'; event: WorkflowEvent } | { kind: 'delta'; delta: Delta };

export interface StreamOptions {
  /** The last seq already seen; everything after it comes. Default 0: from the start. */
  after?: number;
  signal?: AbortSignal;
  /** How long to keep trying while nothing answers, in ms. Default 30 s. */
  giveUpAfterMs?: number;
  /** Told when the connection broke and is tried again. */
  onReconnect?: (lastSeq: number) => void;
}

const GIVE_UP_AFTER_MS = 30_000;
const RECONNECT_EVERY_MS = 250;

/**
 * Follows a workflow from the first event to its terminal one, over as many connections as it takes: after a break it
 * goes on behind the last event it saw, so that nothing is missed and nothing comes twice.
 */
export async function* streamWorkflow(send: Send, workflowId: string, options: StreamOptions = {}): AsyncGenerator<StreamItem> {
  const progress = { lastSeq: options.after ?? 0, ended: false, heardAt: Date.now() };
  while (!progress.ended && !options.signal?.aborted) {
    try {
      yield* connectOnce(send, workflowId, progress, options.signal);
    } catch (error) {
      if (!options.signal?.aborted && !mayPass(error, progress.heardAt, options.giveUpAfterMs)) throw error;
    }
    if (progress.ended || options.signal?.aborted) return;
    options.onReconnect?.(progress.lastSeq);
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_EVERY_MS));
  }
}

interface Progress {
  lastSeq: number;
  ended: boolean;
  heardAt: number;
}

/** One connection: passes on what is new, and keeps in `progress` where the next one must go on. */
async function* connectOnce(send: Send, workflowId: string, progress: Progress, signal: AbortSignal | undefined): AsyncGenerator<StreamItem> {
  for await (const message of messagesOf(send, workflowId, progress.lastSeq, signal)) {
    progress.heardAt = Date.now();
    const item = readItem(message);
    if (item?.kind === 'event') {
      if (item.event.seq <= progress.lastSeq) continue;
      progress.lastSeq = item.event.seq;
      progress.ended = TERMINAL_EVENTS.includes(item.event.type);
    }
    // After the last event the server closes; a workflow that was retried has an end in the middle of its history.
    if (item) yield item;
  }
}

/** A refusal (4xx) stays one; silence may pass, for a while. */
function mayPass(error: unknown, heardAt: number, giveUpAfterMs = GIVE_UP_AFTER_MS): boolean {
  const refused = error instanceof ClientError && error.status >= 400 && error.status < 500;
  return !refused && Date.now() - heardAt <= giveUpAfterMs;
}

async function* messagesOf(send: Send, workflowId: string, lastSeq: number, signal: AbortSignal | undefined): AsyncGenerator<ServerSentEvent> {
  const headers = { Accept: 'text/event-stream', ...(lastSeq > 0 ? { 'Last-Event-ID': String(lastSeq) } : {}) };
  const response = await send(`/api/v1/workflows/${encodeURIComponent(workflowId)}/stream`, { headers, signal });
  if (response.body) yield* readServerSentEvents(response.body);
}

function readItem(message: ServerSentEvent): StreamItem | undefined {
  if (message.event === 'delta') {
    const delta: Delta = JSON.parse(message.data);
    return { kind: 'delta', delta };
  }
  const event: WorkflowEvent = JSON.parse(message.data);
  return typeof event.seq === 'number' ? { kind: 'event', event } : undefined;
}
