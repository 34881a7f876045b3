import { Controller, Get, Inject, Query, Req } from '@nestjs/common';
import { CONSUMERS, HEADERS, STREAMS, parseOrFail, type AuditRow, type ConsumerEntry, type DeadLetter, type Page, type Queue, type StreamName, type Worker, type Template } from '@trivet/contracts';
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

  @Get('dead')
  async dead(@Req() request: FastifyRequest, @Query() query: unknown): Promise<Page<DeadLetter>> {
    const { limit, cursor } = parseOrFail(PageQuery, query ?? {}, 'the query');
    const tenant = tenantOf(request);
    const messages = await this.bus.read('DEAD', { limit, ...(cursor === undefined ? {} : { afterSeq: cursor }) });
    const items = messages
      .map((message): DeadLetter => ({
        stream: streamOf(message.subject),
        seq: message.seq,
        at: message.time,
        reason: message.headers[HEADERS.deadReason] ?? '',
        attempts: Number(message.headers[HEADERS.deadAttempts] ?? 0),
        headers: message.headers,
        body: new TextDecoder().decode(message.data),
      }))
      .filter((letter) => mayRead(tenant, letter));
    const last = messages.at(-1);
    return { items, nextCursor: messages.length === limit && last ? String(last.seq) : null };
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

const streamOf = (subject: string): StreamName | string => Object.keys(STREAMS).find((name) => subject.endsWith(`.${name}`)) ?? subject;

/** The operator's tenant sees every dead letter; another one only those whose body names it. */
function mayRead(tenant: string, letter: DeadLetter): boolean {
  if (tenant === 'default') return true;
  try {
    const body: unknown = JSON.parse(letter.body);
    return body !== null && typeof body === 'object' && 'tenant' in body && body.tenant === tenant;
  } catch {
    return false;
  }
}
