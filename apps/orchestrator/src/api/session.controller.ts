import { Controller, Get, Req } from '@nestjs/common';
import type { Session } from '@trivet/contracts';
import type { FastifyRequest } from 'fastify';
import { VERSION } from '../version.js';
import { tenantOf } from './request-context.js';

/** Who asks. There are no keys yet: whoever reaches the address is the operator. */
@Controller('api/v1/session')
export class SessionController {
  @Get()
  session(@Req() request: FastifyRequest): Session {
    return { tenant: tenantOf(request), role: 'admin', keysConfigured: false, version: VERSION };
  }
}
