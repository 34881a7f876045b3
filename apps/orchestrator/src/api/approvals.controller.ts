import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApprovalDecision, parseOrFail, type Approval, type Page } from '@trivet/contracts';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Approvals } from '../approval/approvals.js';
import { APPROVALS } from '../tokens.js';
import { actorOf, tenantOf } from './request-context.js';

export const ApprovalsQuery = z.object({ limit: z.coerce.number().int().min(1).max(200).default(50), cursor: z.coerce.number().int().min(0).optional() });

@Controller('api/v1/approvals')
export class ApprovalsController {
  constructor(@Inject(APPROVALS) private readonly approvals: Approvals) {}

  @Get()
  list(@Req() request: FastifyRequest, @Query() query: unknown): Promise<Page<Approval>> {
    const { limit, cursor } = parseOrFail(ApprovalsQuery, query ?? {}, 'the query');
    return this.approvals.list(tenantOf(request), { limit, ...(cursor === undefined ? {} : { cursor }) });
  }

  @Get(':id')
  get(@Req() request: FastifyRequest, @Param('id') id: string): Promise<Approval> {
    return this.approvals.get(tenantOf(request), id);
  }

  @Post(':id/decide')
  @HttpCode(200)
  async decide(@Req() request: FastifyRequest, @Param('id') id: string, @Body() body: unknown): Promise<{ id: string; decision: ApprovalDecision['decision'] }> {
    const decision = parseOrFail(ApprovalDecision, body, 'the decision');
    await this.approvals.decide(tenantOf(request), id, decision, actorOf(request));
    return { id, decision: decision.decision };
  }
}
