import { once } from 'node:events';
import { Body, Controller, Get, Inject, Post, Req, Res } from '@nestjs/common';
import type { Bus } from '@trivet/bus';
import { HEADERS, asFailureError, type Template } from '@trivet/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Queries } from '../api/queries.js';
import { whoOf } from '../api/request-context.js';
import type { Watches } from '../api/watches.js';
import type { Controls } from '../control/controls.js';
import type { Intake } from '../intake/intake.js';
import { BUS, CONTROLS, INTAKE, QUERIES, TEMPLATES, WATCHES } from '../tokens.js';
import { beginChat, type Chat, type ChatParts } from './answer-chat.js';
import { openAiError } from './errors.js';
import { createModelNames, type ModelNames } from './names.js';

/** What OpenAI's clients ask, answered by workflows. */
@Controller('v1')
export class OpenAiController {
  private readonly names: ModelNames;
  private readonly parts: ChatParts;

  constructor(
    @Inject(BUS) bus: Bus,
    @Inject(TEMPLATES) templates: ReadonlyMap<string, Template>,
    @Inject(INTAKE) intake: Intake,
    @Inject(QUERIES) queries: Queries,
    @Inject(WATCHES) watches: Watches,
    @Inject(CONTROLS) controls: Controls,
  ) {
    this.names = createModelNames(bus, templates);
    this.parts = { bus, intake, queries, watches, controls, names: this.names };
  }

  @Get('models')
  async models(): Promise<object> {
    return { object: 'list', data: (await this.names.list()).map((id) => ({ id, object: 'model', created: 0, owned_by: 'trivet' })) };
  }

  @Post('chat/completions')
  async complete(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @Body() body: unknown): Promise<void> {
    const controller = new AbortController();
    // The request is over when its body was read; the client is there for as long as its answer is not.
    reply.raw.on('close', () => reply.raw.writableFinished || controller.abort());
    const chat = await beginChat(this.parts, whoOf(request), body, controller.signal);
    reply.header(HEADERS.workflowId, chat.ref.workflowId);
    if (chat.wantsStream) return answerInPieces(reply, chat, controller.signal);
    // Whoever tries again begins another workflow, and this one has tried what there was to try.
    reply.header('x-should-retry', 'false');
    reply.status(200).send(await chat.whole());
  }
}

async function answerInPieces(reply: FastifyReply, chat: Chat, signal: AbortSignal): Promise<void> {
  const { raw } = reply;
  reply.hijack();
  raw.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no', [HEADERS.workflowId]: chat.ref.workflowId });
  const send = async (data: object | string): Promise<void> => {
    if (!raw.write(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`)) await once(raw, 'drain', { signal });
  };
  try {
    await chat.stream(send);
    await send('[DONE]');
  } catch (error) {
    if (!signal.aborted) await send(openAiError(asFailureError(error)));
  } finally {
    raw.end();
  }
}
