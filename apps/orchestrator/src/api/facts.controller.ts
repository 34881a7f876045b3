import { Controller, Get, Headers, Inject, Query, Req, Res } from '@nestjs/common';
import type { Bus } from '@trivet/bus';
import { FailureError, parseOrFail } from '@trivet/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { BUS } from '../tokens.js';
import { factSubjects } from './facts-filter.js';
import { tenantOf } from './request-context.js';
import { answerEvents } from './stream.js';

const Types = z.union([z.string(), z.array(z.string()).max(100)]).optional();
const LastId = z.coerce.number().int().min(0).optional();
/** Readers of one process at once: each has a consumer at the broker. */
const MOST_READERS = 256;

/** The facts of all workflows of a tenant as they come. */
@Controller('api/v1/stream')
export class FactsController {
  private readers = 0;

  constructor(@Inject(BUS) private readonly bus: Bus) {}

  @Get()
  async stream(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @Headers('last-event-id') lastEventId: string | undefined, @Query('types') types: unknown): Promise<void> {
    const subjects = factSubjects(tenantOf(request), parseOrFail(Types, types, 'types'));
    const last = parseOrFail(LastId, lastEventId, 'Last-Event-ID');
    if (this.readers >= MOST_READERS) throw new FailureError('rate_limited', `${MOST_READERS} readers follow the stream of this orchestrator; that is the limit.`, { hint: 'Close some, or read the subjects trivet.v1.event.> from NATS.' });
    this.readers += 1;
    try {
      // A stream that was made anew begins again at 1: whoever knows more of the old one goes on with what comes now.
      const { lastSeq } = await this.bus.streamState('EVENTS');
      const afterSeq = last === undefined || last > lastSeq ? lastSeq : last;
      const text = new TextDecoder();
      await answerEvents(request, reply, {}, ({ signal, write }) =>
        this.bus.follow('EVENTS', { subjects, afterSeq, signal, onMessage: ({ subject, seq, data }) => write(`id: ${seq}\nevent: ${typeOf(subject)}\ndata: ${text.decode(data)}\n\n`) }),
      );
    } finally {
      this.readers -= 1;
    }
  }
}

/** `trivet.v1.event.<tenant>.<workflowId>.<noun>.<fact>` */
const typeOf = (subject: string): string => subject.split('.').slice(5).join('.');
