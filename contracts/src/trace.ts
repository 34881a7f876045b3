import { z } from 'zod';

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
    events: z
      .array(z.object({ at: z.number(), name: z.string(), attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])) }))
      .optional()
      .describe('What happened during the span, in its order: the lines it logged (name log, with level and message), and errors (name exception).'),
    links: z.array(z.object({ traceId: z.string(), spanId: z.string() })).optional(),
  })
  .meta({ id: 'TraceSpan', description: 'One span of a trace' });
export type TraceSpan = z.infer<typeof TraceSpan>;

export const SpanBatch = z.object({ spans: z.array(TraceSpan) }).meta({ id: 'SpanBatch', description: 'Spans of one workflow' });
export type SpanBatch = z.infer<typeof SpanBatch>;
