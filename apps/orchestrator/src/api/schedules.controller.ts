import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Put, Query, Req } from '@nestjs/common';
import { ControlBody, parseOrFail, type Page, type Schedule, type TaskAccepted } from '@trivet/contracts';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Schedules } from '../schedule/schedules.js';
import { SCHEDULES } from '../tokens.js';
import { actorOf, tenantOf } from './request-context.js';

export const SchedulesQuery = z.object({ limit: z.coerce.number().int().min(1).max(200).default(50), cursor: z.string().optional() });
const OptionalReason = ControlBody.nullish();
const NextQuery = z.object({ count: z.coerce.number().int().min(1).max(100).default(5) });

@Controller('api/v1/schedules')
export class SchedulesController {
  constructor(@Inject(SCHEDULES) private readonly schedules: Schedules) {}

  @Get()
  list(@Req() request: FastifyRequest, @Query() query: unknown): Promise<Page<Schedule>> {
    const { limit, cursor } = parseOrFail(SchedulesQuery, query ?? {}, 'the query');
    return this.schedules.list(tenantOf(request), { limit, ...(cursor === undefined ? {} : { cursor }) });
  }

  @Post()
  @HttpCode(201)
  create(@Req() request: FastifyRequest, @Body() body: unknown): Promise<Schedule> {
    return this.schedules.create(tenantOf(request), body, actorOf(request));
  }

  @Get(':id')
  get(@Req() request: FastifyRequest, @Param('id') id: string): Promise<Schedule> {
    return this.schedules.get(tenantOf(request), id);
  }

  @Put(':id')
  replace(@Req() request: FastifyRequest, @Param('id') id: string, @Body() body: unknown): Promise<Schedule> {
    return this.schedules.replace(tenantOf(request), id, body, actorOf(request));
  }

  @Delete(':id')
  @HttpCode(204)
  remove(@Req() request: FastifyRequest, @Param('id') id: string): Promise<void> {
    return this.schedules.remove(tenantOf(request), id, actorOf(request));
  }

  @Get(':id/next')
  async next(@Req() request: FastifyRequest, @Param('id') id: string, @Query() query: unknown): Promise<Page<string>> {
    return { items: await this.schedules.next(tenantOf(request), id, parseOrFail(NextQuery, query ?? {}, 'the query').count), nextCursor: null };
  }

  @Post(':id/pause')
  @HttpCode(200)
  pause(@Req() request: FastifyRequest, @Param('id') id: string, @Body() body: unknown): Promise<Schedule> {
    parseOrFail(OptionalReason, body, 'the body');
    return this.schedules.pause(tenantOf(request), id, actorOf(request));
  }

  @Post(':id/resume')
  @HttpCode(200)
  resume(@Req() request: FastifyRequest, @Param('id') id: string, @Body() body: unknown): Promise<Schedule> {
    parseOrFail(OptionalReason, body, 'the body');
    return this.schedules.resume(tenantOf(request), id, actorOf(request));
  }

  @Post(':id/trigger')
  @HttpCode(202)
  trigger(@Req() request: FastifyRequest, @Param('id') id: string, @Body() body: unknown): Promise<TaskAccepted> {
    parseOrFail(OptionalReason, body, 'the body');
    return this.schedules.trigger(tenantOf(request), id, actorOf(request));
  }
}
