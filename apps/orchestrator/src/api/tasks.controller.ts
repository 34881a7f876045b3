import { createHash } from 'node:crypto';
import { Body, Controller, Headers, Inject, Post, Query, Req, Res } from '@nestjs/common';
import { FailureError, HEADERS } from '@trivet/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { INTAKE, QUERIES, WATCHES } from '../tokens.js';
import type { Intake } from '../intake/intake.js';
import type { Queries } from './queries.js';
import { actorOf, durationMs, sourceOf, tenantOf } from './request-context.js';
import type { Watches } from './watches.js';

const LONGEST_WAIT_MS = 300_000;

@Controller('api/v1/tasks')
export class TasksController {
  constructor(
    @Inject(INTAKE) private readonly intake: Intake,
    @Inject(QUERIES) private readonly queries: Queries,
    @Inject(WATCHES) private readonly watches: Watches,
  ) {}

  @Post()
  async submit(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Body() body: unknown,
    @Query('wait') wait: string | undefined,
    @Query('dryRun') dryRun: string | undefined,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
  ): Promise<void> {
    const tenant = tenantOf(request);
    if (flagOf(dryRun, 'dryRun')) return void reply.status(200).send(await this.intake.plan(tenant, body));
    const waitMs = wait === undefined ? 0 : durationMs(wait, 'wait', LONGEST_WAIT_MS);
    const fallbackId = idempotencyKey === undefined ? undefined : idOfKey(idempotencyKey);
    const accepted = await this.intake.submit({ tenant, body, source: sourceOf(request), actor: actorOf(request), ...(fallbackId ? { fallbackId } : {}) });
    const ref = { tenant, workflowId: accepted.workflowId };
    reply.header(HEADERS.workflowId, ref.workflowId).header('Location', `/api/v1/workflows/${ref.workflowId}`);
    if (fallbackId && accepted.duplicate) reply.header('Idempotent-Replayed', 'true');
    if (waitMs > 0 && (await this.watches.untilEnd(ref, waitMs))) return void reply.status(200).send(await this.queries.workflow(ref));
    reply.status(202).send(accepted);
  }
}

/** A flag of the query: one that is meant and not understood must not run the task after all. */
function flagOf(text: string | undefined, field: string): boolean {
  if (text === undefined || text === 'false' || text === '0') return false;
  if (text === 'true' || text === '1' || text === '') return true;
  throw new FailureError('invalid_request', `${field} is ${JSON.stringify(text)}; it must be true or false.`, { errors: [{ pointer: `/${field}`, detail: 'must be true or false' }] });
}

/** One key is one workflow, for ever: its id is made from the key. */
function idOfKey(key: string): string {
  if (key.length === 0 || key.length > 255) throw new FailureError('invalid_request', `The Idempotency-Key has ${key.length} characters; it must have 1 to 255.`);
  return `key-${createHash('sha256').update(key).digest('hex').slice(0, 40)}`;
}
