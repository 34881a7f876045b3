import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ControlBody, FailureError, parseOrFail, type DeadLetter, type Page } from '@trivet/contracts';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { DEAD_LETTERS } from '../tokens.js';
import type { DeadLetters } from './dead-letters.js';
import { tenantOf, whoOf } from './request-context.js';

const PageQuery = z.object({ limit: z.coerce.number().int().min(1).max(200).default(50), cursor: z.coerce.number().int().min(1).optional() });
const OptionalReason = ControlBody.nullish();

@Controller('api/v1/dead')
export class DeadController {
  constructor(@Inject(DEAD_LETTERS) private readonly letters: DeadLetters) {}

  @Get()
  list(@Req() request: FastifyRequest, @Query() query: unknown): Promise<Page<DeadLetter>> {
    const { limit, cursor } = parseOrFail(PageQuery, query ?? {}, 'the query');
    return this.letters.list(tenantOf(request), { limit, after: cursor });
  }

  @Post(':seq/requeue')
  @HttpCode(200)
  requeue(@Req() request: FastifyRequest, @Param('seq') seq: string, @Body() body: unknown): Promise<DeadLetter> {
    return this.letters.requeue(whoOf(request), seqOf(seq), parseOrFail(OptionalReason, body, 'the body')?.reason);
  }

  @Delete(':seq')
  @HttpCode(204)
  remove(@Req() request: FastifyRequest, @Param('seq') seq: string): Promise<void> {
    return this.letters.remove(whoOf(request), seqOf(seq));
  }
}

function seqOf(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new FailureError('not_found', `There is no dead letter ${JSON.stringify(text.slice(0, 40))}: its seq is a whole number.`);
  return Number(text);
}
