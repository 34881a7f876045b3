import { HEADERS } from '@trivet/contracts';
import type { WorkflowRef } from '@trivet/state';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { once } from 'node:events';
import type { Watches } from './watches.js';

const HEARTBEAT_MS = 15_000;

/** An answer of server-sent events that is being written. */
export interface EventStream {
  /** Aborted when the reader is gone. */
  signal: AbortSignal;
  /** Resolves when there is room for more: a reader that is too slow is waited for, not buffered for. */
  write: (text: string) => Promise<void>;
  /** The same without waiting, for what may be lost on a slow reader. */
  offer: (text: string) => void;
}

/** Answers with server-sent events, for as long as `send` goes on. When it breaks off, the reader comes back with the last id it saw. */
export async function answerEvents(request: FastifyRequest, reply: FastifyReply, headers: Record<string, string>, send: (stream: EventStream) => Promise<void>): Promise<void> {
  const { raw } = reply;
  reply.hijack();
  raw.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no', ...headers });
  raw.write('retry: 1000\n\n');
  const controller = new AbortController();
  request.raw.on('close', () => controller.abort());
  raw.on('close', () => controller.abort());
  const heartbeat = setInterval(() => raw.write(': heartbeat\n\n'), HEARTBEAT_MS);
  try {
    await send({
      signal: controller.signal,
      write: async (text) => {
        if (!raw.write(text)) await once(raw, 'drain', { signal: controller.signal });
      },
      offer: (text) => void raw.write(text),
    });
  } catch (error) {
    // The reader is gone, or history cannot be read now: the reader comes back with the last id it saw.
    if (!controller.signal.aborted) request.log.warn({ error }, 'an event stream broke off');
  } finally {
    clearInterval(heartbeat);
    raw.end();
  }
}

/** Events of one workflow: history after the last seen id, then what comes, without gap or repeat; closes after the terminal event. */
export function streamEvents(request: FastifyRequest, reply: FastifyReply, watches: Watches, ref: WorkflowRef, after: number): Promise<void> {
  return answerEvents(request, reply, { [HEADERS.workflowId]: ref.workflowId }, ({ signal, write, offer }) =>
    watches.follow(ref, after, {
      signal,
      onEvent: (event) => write(`id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`),
      onDelta: (delta) => offer(`event: delta\ndata: ${JSON.stringify(delta)}\n\n`),
    }),
  );
}
