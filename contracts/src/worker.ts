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
    waiting: z.number().int().min(0).optional().describe('Calls that wait for somebody outside and use no slot meanwhile, so that as many more may come.'),
    draining: z.boolean(),
    toolsDigest: z.string().optional().describe('Of an executor: stands for the tools that come with it, so that a change of them is seen. Absent where it is of an earlier version.'),
  })
  .meta({ id: 'Worker', description: 'A live process' });
export type Worker = z.infer<typeof Worker>;
