import { HEADERS } from '@trivet/contracts';
import type { WorkflowRef } from '@trivet/state';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { once } from 'node:events';
import type { Watches } from './watches.js';

const HEARTBEAT_MS = 15_000;

/**
 * Server-sent events of one workflow: history after the last seen id, then what comes, without gap or repeat; closes
 * after the terminal event. A reader that is too slow is waited for, not buffered for.
 */
export async function streamEvents(request: FastifyRequest, reply: FastifyReply, watches: Watches, ref: WorkflowRef, after: number): Promise<void> {
  const { raw } = reply;
  reply.hijack();
  raw.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no', [HEADERS.workflowId]: ref.workflowId });
  raw.write('retry: 1000\n\n');
  const controller = new AbortController();
  request.raw.on('close', () => controller.abort());
  raw.on('close', () => controller.abort());
  const heartbeat = setInterval(() => raw.write(': heartbeat\n\n'), HEARTBEAT_MS);
  try {
    await watches.follow(ref, after, {
      signal: controller.signal,
      onEvent: async (event) => {
        const text = `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
        if (!raw.write(text)) await once(raw, 'drain', { signal: controller.signal });
      },
      onDelta: (delta) => void raw.write(`event: delta\ndata: ${JSON.stringify(delta)}\n\n`),
    });
  } catch (error) {
    // The reader is gone, or history cannot be read now: the reader comes back with the last id it saw.
    if (!controller.signal.aborted) request.log.warn({ error }, 'an event stream broke off');
  } finally {
    clearInterval(heartbeat);
    raw.end();
  }
}
