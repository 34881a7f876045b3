import { Controller, Get, Inject } from '@nestjs/common';
import type { Page, TenantSummary } from '@trivet/contracts';
import { TENANTS } from '../tokens.js';
import type { ListTenants } from './tenants.js';

@Controller('api/v1/tenants')
export class TenantsController {
  constructor(@Inject(TENANTS) private readonly listTenants: ListTenants) {}

  @Get()
  async list(): Promise<Page<TenantSummary>> {
    return { items: await this.listTenants(), nextCursor: null };
  }
}
