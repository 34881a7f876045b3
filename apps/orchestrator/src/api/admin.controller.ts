import { Controller, Get, Inject, Query, Req } from '@nestjs/common';
import { CONSUMERS, parseOrFail, type AuditRow, type ConsumerEntry, type Page, type Queue, type Worker, type Template } from '@trivet/contracts';
import type { Bus } from '@trivet/bus';
import type { AuditLog } from '@trivet/state';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Dispatcher } from '../runner/dispatcher.js';
import type { Liveness } from '../runner/liveness.js';
import { AUDIT_LOG, BUS, DISPATCHER, LIVENESS, TEMPLATES } from '../tokens.js';
import { tenantOf } from './request-context.js';

const PageQuery = z.object({ limit: z.coerce.number().int().min(1).max(200).default(50), cursor: z.coerce.number().int().min(1).optional() });

/** What operators look at. */
@Controller('api/v1')
export class AdminController {
  constructor(
    @Inject(LIVENESS) private readonly liveness: Liveness,
    @Inject(DISPATCHER) private readonly dispatcher: Dispatcher,
    @Inject(AUDIT_LOG) private readonly auditLog: AuditLog,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(TEMPLATES) private readonly templates: ReadonlyMap<string, Template>,
  ) {}

  @Get('workers')
  workers(): Page<Worker> {
    return { items: this.liveness.workers(), nextCursor: null };
  }

  @Get('queues')
  async queues(): Promise<Page<Queue>> {
    const depth = this.dispatcher.depth();
    const items = await Promise.all(
      Object.values<ConsumerEntry & { durable: string }>(CONSUMERS).map(async (consumer): Promise<Queue> => {
        const state = await this.bus.consumerState(consumer.stream, consumer.durable);
        const own = consumer === CONSUMERS.toolCalls ? depth.tool : consumer === CONSUMERS.modelCalls ? depth.model : {};
        return { stream: consumer.stream, consumer: consumer.durable, pending: state.pending, ackPending: state.ackPending, redelivered: state.redelivered, ...own };
      }),
    );
    return { items, nextCursor: null };
  }

  @Get('templates')
  templateList(): Page<Template> {
    return { items: [...this.templates.values()], nextCursor: null };
  }

  @Get('audit')
  async audit(@Req() request: FastifyRequest, @Query() query: unknown): Promise<Page<AuditRow>> {
    const { limit, cursor } = parseOrFail(PageQuery, query ?? {}, 'the query');
    const items = await this.auditLog.list(tenantOf(request), { limit, ...(cursor === undefined ? {} : { beforeSeq: cursor }) });
    const last = items.at(-1);
    return { items, nextCursor: last && last.seq > 1 ? String(last.seq) : null };
  }

  @Get('audit/verify')
  verify(@Req() request: FastifyRequest): Promise<{ rows: number; brokenAt: number | null }> {
    return this.auditLog.verify(tenantOf(request));
  }
}
