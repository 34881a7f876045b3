import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { BulkBody, ControlBody, ForkBody, HEADERS, Identifier, SignalBody, parseOrFail, type BulkAnswer, type Event, type Page, type StateAt, type Step, type TaskAccepted, type TraceSpan, type Workflow, type WorkflowCounts } from '@trivet/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { controlMany } from '../control/bulk.js';
import type { Controls } from '../control/controls.js';
import type { Erasing } from '../erasing/erasing.js';
import type { Intake } from '../intake/intake.js';
import { CONTROLS, ERASING, INTAKE, QUERIES, WATCHES } from '../tokens.js';
import { parseListQuery } from './listing.js';
import { MOST_STEPS, type Queries } from './queries.js';
import { actorOf, tenantOf, whoOf, workflowRefOf } from './request-context.js';
import { streamEvents } from './stream.js';
import type { Watches } from './watches.js';

const MOST_EVENTS = 1_000;
const EventsQuery = z.object({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(MOST_EVENTS).default(200),
  tail: z.coerce.number().int().min(1).max(MOST_EVENTS).optional(),
  before: z.coerce.number().int().min(1).optional(),
});
const OptionalControlBody = ControlBody.nullish();
const StateQuery = z.object({ at: z.coerce.number().int().min(1).optional() });
const StepsQuery = z.object({ limit: z.coerce.number().int().min(1).max(MOST_STEPS).default(MOST_STEPS), cursor: z.coerce.number().int().min(0).default(0), parent: Identifier.optional() });

@Controller('api/v1/workflows')
export class WorkflowsController {
  constructor(
    @Inject(QUERIES) private readonly queries: Queries,
    @Inject(CONTROLS) private readonly controls: Controls,
    @Inject(INTAKE) private readonly intake: Intake,
    @Inject(WATCHES) private readonly watches: Watches,
    @Inject(ERASING) private readonly erasing: Erasing,
  ) {}

  @Get()
  list(@Req() request: FastifyRequest, @Query() query: unknown): Promise<Page<Workflow>> {
    return this.queries.workflows(tenantOf(request), parseListQuery(query));
  }

  @Get('counts')
  counts(@Req() request: FastifyRequest, @Query() query: unknown): Promise<WorkflowCounts> {
    return this.queries.counts(tenantOf(request), parseListQuery(query));
  }

  @Post('bulk')
  @HttpCode(200)
  bulk(@Req() request: FastifyRequest, @Body() body: unknown): Promise<BulkAnswer> {
    const parts = { controls: this.controls, matchingIds: this.queries.matchingIds };
    return controlMany(parts, tenantOf(request), parseOrFail(BulkBody, body, 'the body'), actorOf(request));
  }

  @Get(':id')
  get(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply, @Param('id') id: string): Promise<Workflow> {
    return this.queries.workflow(workflowRefOf(request, reply, id));
  }

  @Delete(':id')
  @HttpCode(204)
  erase(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply, @Param('id') id: string): Promise<void> {
    return this.erasing.workflow(whoOf(request), workflowRefOf(request, reply, id));
  }

  @Get(':id/steps')
  steps(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply, @Param('id') id: string, @Query() query: unknown): Promise<Page<Step>> {
    const { limit, cursor, parent } = parseOrFail(StepsQuery, query ?? {}, 'the query');
    return this.queries.steps(workflowRefOf(request, reply, id), { limit, cursor, ...(parent === undefined ? {} : { parent }) });
  }

  @Get(':id/events')
  async events(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply, @Param('id') id: string, @Query() query: unknown): Promise<Page<Event>> {
    const ref = workflowRefOf(request, reply, id);
    const { after, limit, tail, before } = parseOrFail(EventsQuery, query ?? {}, 'the query');
    await this.queries.requireWorkflow(ref);
    if (tail !== undefined || before !== undefined) return { items: await this.queries.lastEvents(ref, tail ?? limit, before), nextCursor: null };
    const items = await this.queries.events(ref, after, limit);
    const last = items.at(-1);
    return { items, nextCursor: items.length === limit && last ? String(last.seq) : null };
  }

  @Get(':id/trace')
  async trace(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply, @Param('id') id: string): Promise<Page<TraceSpan>> {
    return { items: await this.queries.spans(workflowRefOf(request, reply, id)), nextCursor: null };
  }

  @Get(':id/stream')
  async stream(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @Param('id') id: string, @Headers('last-event-id') lastEventId: string | undefined, @Query('after') after: string | undefined): Promise<void> {
    const ref = workflowRefOf(request, reply, id);
    const { after: from } = parseOrFail(EventsQuery, { after: lastEventId ?? after ?? 0 }, 'Last-Event-ID');
    await this.queries.requireWorkflow(ref);
    await streamEvents(request, reply, this.watches, ref, from);
  }

  @Get(':id/state')
  stateAt(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply, @Param('id') id: string, @Query() query: unknown): Promise<StateAt> {
    const ref = workflowRefOf(request, reply, id);
    return this.queries.stateAt(ref, parseOrFail(StateQuery, query ?? {}, 'the query').at);
  }

  @Post(':id/cancel')
  @HttpCode(202)
  cancel(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply, @Param('id') id: string, @Body() body: unknown): Promise<Workflow> {
    return this.control('cancel', request, reply, id, body);
  }

  @Post(':id/pause')
  @HttpCode(202)
  pause(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply, @Param('id') id: string, @Body() body: unknown): Promise<Workflow> {
    return this.control('pause', request, reply, id, body);
  }

  @Post(':id/resume')
  @HttpCode(202)
  resume(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply, @Param('id') id: string, @Body() body: unknown): Promise<Workflow> {
    return this.control('resume', request, reply, id, body);
  }

  @Post(':id/retry')
  @HttpCode(202)
  retry(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply, @Param('id') id: string, @Body() body: unknown): Promise<Workflow> {
    return this.control('retry', request, reply, id, body);
  }

  @Post(':id/signal')
  @HttpCode(202)
  async signal(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply, @Param('id') id: string, @Body() body: unknown): Promise<Workflow> {
    const ref = workflowRefOf(request, reply, id);
    await this.controls.signal(ref, parseOrFail(SignalBody, body, 'the signal'), actorOf(request));
    return this.queries.workflow(ref);
  }

  @Post(':id/fork')
  @HttpCode(202)
  async fork(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply, @Param('id') id: string, @Body() body: unknown): Promise<TaskAccepted> {
    const forked = await this.intake.fork(workflowRefOf(request, reply, id), parseOrFail(ForkBody, body, 'the fork'), actorOf(request));
    reply.header(HEADERS.workflowId, forked.workflowId).header('Location', `/api/v1/workflows/${forked.workflowId}`);
    return forked;
  }

  private async control(verb: 'cancel' | 'pause' | 'resume' | 'retry', request: FastifyRequest, reply: FastifyReply, id: string, body: unknown): Promise<Workflow> {
    const ref = workflowRefOf(request, reply, id);
    await this.controls[verb](ref, parseOrFail(OptionalControlBody, body, 'the body')?.reason, actorOf(request));
    return this.queries.workflow(ref);
  }
}
