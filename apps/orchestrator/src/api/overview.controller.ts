import { Controller, Get, Inject, Req } from '@nestjs/common';
import type { Overview } from '@trivet/contracts';
import type { FastifyRequest } from 'fastify';
import { OVERVIEW } from '../tokens.js';
import type { ReadOverview } from './overview.js';
import { tenantOf } from './request-context.js';

@Controller('api/v1/overview')
export class OverviewController {
  constructor(@Inject(OVERVIEW) private readonly readOverview: ReadOverview) {}

  @Get()
  overview(@Req() request: FastifyRequest): Promise<Overview> {
    return this.readOverview(tenantOf(request));
  }
}
