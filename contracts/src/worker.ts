import { z } from 'zod';
import { Identifier } from './identifier.js';

export const SERVICES = ['orchestrator', 'executor', 'model'] as const;
export const Service = z.enum(SERVICES);
export type Service = z.infer<typeof Service>;

/** A live process of one of the three services. */
export const Worker = z
  .object({
    service: Service,
    id: Identifier,
    pid: z.number().int(),
    host: z.string(),
    version: z.string(),
    startedAt: z.string(),
    inFlight: z.number().int().min(0),
    slots: z.number().int().min(0),
    draining: z.boolean(),
  })
  .meta({ id: 'Worker', description: 'A live process' });
export type Worker = z.infer<typeof Worker>;

/** One span as the trace view shows it. Times are ms since 1970 with fractions. */
export const TraceSpan = z
  .object({
    traceId: z.string(),
    spanId: z.string(),
    parentSpanId: z.string().nullable(),
    name: z.string(),
    service: z.string(),
    startedAt: z.number(),
    durationMs: z.number(),
    status: z.enum(['ok', 'error']),
    attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    links: z.array(z.object({ traceId: z.string(), spanId: z.string() })).optional(),
  })
  .meta({ id: 'TraceSpan', description: 'One span of a trace' });
export type TraceSpan = z.infer<typeof TraceSpan>;

export const SpanBatch = z.object({ spans: z.array(TraceSpan) }).meta({ id: 'SpanBatch', description: 'Spans of one workflow' });
export type SpanBatch = z.infer<typeof SpanBatch>;

/** One row of the audit log. */
export const AuditRow = z
  .object({
    seq: z.number().int(),
    at: z.string(),
    tenant: Identifier,
    actor: z.string(),
    action: z.string(),
    target: z.string(),
    workflowId: z.string().nullable(),
    detail: z.string().nullable(),
    previousHash: z.string(),
    hash: z.string(),
  })
  .meta({ id: 'AuditRow', description: 'One row of the audit log, chained to the one before' });
export type AuditRow = z.infer<typeof AuditRow>;
