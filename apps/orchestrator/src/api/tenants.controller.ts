import { Controller, Delete, Get, HttpCode, Inject, Param, Req } from '@nestjs/common';
import type { Page, TenantSummary } from '@trivet/contracts';
import type { FastifyRequest } from 'fastify';
import type { Erasing } from '../erasing/erasing.js';
import { ERASING, TENANTS } from '../tokens.js';
import { whoOf } from './request-context.js';
import type { ListTenants } from './tenants.js';

@Controller('api/v1/tenants')
export class TenantsController {
  constructor(
    @Inject(TENANTS) private readonly listTenants: ListTenants,
    @Inject(ERASING) private readonly erasing: Erasing,
  ) {}

  @Get()
  async list(): Promise<Page<TenantSummary>> {
    return { items: await this.listTenants(), nextCursor: null };
  }

  @Delete(':tenant')
  @HttpCode(204)
  erase(@Req() request: FastifyRequest, @Param('tenant') tenant: string): Promise<void> {
    return this.erasing.tenant(whoOf(request), tenant);
  }
}
