import { z } from 'zod';

/** A durable consumer and how much waits for it. */
export const Queue = z
  .object({
    stream: z.string(),
    consumer: z.string(),
    pending: z.number().int().min(0).describe('Messages nobody has taken yet.'),
    ackPending: z.number().int().min(0).describe('Messages that are being worked on.'),
    redelivered: z.number().int().min(0),
    ready: z.number().int().min(0).optional().describe("Calls that wait before the stream, in the tenants' own lines."),
    sent: z.number().int().min(0).optional().describe('Calls dealt and not finished.'),
  })
  .meta({ id: 'Queue', description: 'A durable consumer and how much waits for it' });
export type Queue = z.infer<typeof Queue>;

/** What could not be handled, with its reason and how often it was tried. */
export const DeadLetter = z
  .object({
    stream: z.string().describe('The stream it came from.'),
    seq: z.number().int().min(1).describe('Its place in the DEAD stream.'),
    at: z.string(),
    reason: z.string(),
    attempts: z.number().int().min(0),
    headers: z.record(z.string(), z.string()),
    body: z.string(),
    requeuedAt: z.string().nullable().optional().describe('When it was sent back to its stream; null: it was not.'),
  })
  .meta({ id: 'DeadLetter', description: 'A message that could not be handled, and why' });
export type DeadLetter = z.infer<typeof DeadLetter>;
