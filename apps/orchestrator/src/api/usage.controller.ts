import { Controller, Get, Inject, Query, Req } from '@nestjs/common';
import type { Page, UsageRow } from '@trivet/contracts';
import type { UsageCounts } from '@trivet/state';
import type { FastifyRequest } from 'fastify';
import { USAGE_COUNTS } from '../tokens.js';
import { tenantOf } from './request-context.js';
import { parseUsageQuery, readUsage } from './usage.js';

@Controller('api/v1/usage')
export class UsageController {
  constructor(@Inject(USAGE_COUNTS) private readonly counts: UsageCounts) {}

  @Get()
  async usage(@Req() request: FastifyRequest, @Query() query: unknown): Promise<Page<UsageRow>> {
    return { items: await readUsage(this.counts, tenantOf(request), parseUsageQuery(query), new Date().toISOString().slice(0, 10)), nextCursor: null };
  }
}
