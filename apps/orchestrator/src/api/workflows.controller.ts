import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { FailureError, isTerminal, parseOrFail, type Event, type Page, type Step, type TraceSpan, type Workflow } from '@trivet/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Runner } from '../runner/runner.js';
import { AUDIT, QUERIES, RUNNER, WATCHES } from '../tokens.js';
import { parseListQuery } from './listing.js';
import type { Queries } from './queries.js';
import { actorOf, tenantOf, workflowRefOf } from './request-context.js';
import { streamEvents } from './stream.js';
import type { Watches } from './watches.js';

const EventsQuery = z.object({ after: z.coerce.number().int().min(0).default(0), limit: z.coerce.number().int().min(1).max(1_000).default(200) });
const CancelBody = z.strictObject({ reason: z.string().max(1_000).optional() }).nullish();

@Controller('api/v1/workflows')
export class WorkflowsController {
  constructor(
    @Inject(QUERIES) private readonly queries: Queries,
    @Inject(RUNNER) private readonly runner: Runner,
    @Inject(WATCHES) private readonly watches: Watches,
    @Inject(AUDIT) private readonly audit: AuditTrail,
  ) {}

  @Get()
  list(@Req() request: FastifyRequest, @Query() query: unknown): Promise<Page<Workflow>> {
    return this.queries.workflows(tenantOf(request), parseListQuery(query));
  }

  @Get(':id')
  get(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply, @Param('id') id: string): Promise<Workflow> {
    return this.queries.workflow(workflowRefOf(request, reply, id));
  }

  @Get(':id/steps')
  async steps(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply, @Param('id') id: string): Promise<Page<Step>> {
    return { items: await this.queries.steps(workflowRefOf(request, reply, id)), nextCursor: null };
  }

  @Get(':id/events')
  async events(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply, @Param('id') id: string, @Query() query: unknown): Promise<Page<Event>> {
    const ref = workflowRefOf(request, reply, id);
    const { after, limit } = parseOrFail(EventsQuery, query ?? {}, 'the query');
    await this.queries.requireWorkflow(ref);
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

  @Post(':id/cancel')
  @HttpCode(202)
  async cancel(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply, @Param('id') id: string, @Body() body: unknown): Promise<Workflow> {
    const ref = workflowRefOf(request, reply, id);
    const reason = parseOrFail(CancelBody, body, 'the body')?.reason ?? 'cancelled by request';
    const before = await this.queries.workflow(ref);
    if (isTerminal(before.status)) throw new FailureError('state_conflict', `Workflow ${ref.workflowId} is ${before.status} already; only one that has not ended can be cancelled.`);
    await this.runner.deliver(ref, { type: 'cancel', reason });
    await this.audit.record({ tenant: ref.tenant, actor: actorOf(request), action: 'workflow.cancel', target: `workflow/${ref.workflowId}`, workflowId: ref.workflowId, detail: reason });
    return this.queries.workflow(ref);
  }
}
