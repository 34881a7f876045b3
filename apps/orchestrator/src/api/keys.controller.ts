import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { ApiKeyBody, ControlBody, parseOrFail, type ApiKey, type ApiKeyWithSecret, type Page } from '@trivet/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiKeys } from '../access/api-keys.js';
import { askerOf } from '../access/guard.js';
import { API_KEYS } from '../tokens.js';

/** A secret is in one answer only, which nothing on the way may keep. */
const NOT_KEPT = ['Cache-Control', 'no-store'] as const;

@Controller('api/v1/keys')
export class KeysController {
  constructor(@Inject(API_KEYS) private readonly keys: ApiKeys) {}

  @Get()
  async list(@Req() request: FastifyRequest): Promise<Page<ApiKey>> {
    return { items: await this.keys.list(askerOf(request)), nextCursor: null };
  }

  @Get(':id')
  get(@Req() request: FastifyRequest, @Param('id') id: string): Promise<ApiKey> {
    return this.keys.get(askerOf(request), id);
  }

  @Post()
  @HttpCode(201)
  async create(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply, @Body() body: unknown): Promise<ApiKeyWithSecret> {
    const key = await this.keys.create(askerOf(request), parseOrFail(ApiKeyBody, body, 'the key'));
    reply.header(...NOT_KEPT).header('Location', `/api/v1/keys/${key.id}`);
    return key;
  }

  @Delete(':id')
  @HttpCode(204)
  revoke(@Req() request: FastifyRequest, @Param('id') id: string): Promise<void> {
    return this.keys.revoke(askerOf(request), id);
  }

  @Post(':id/rotate')
  @HttpCode(200)
  async rotate(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply, @Param('id') id: string, @Body() body: unknown): Promise<ApiKeyWithSecret> {
    parseOrFail(ControlBody.nullish(), body, 'the body');
    const key = await this.keys.rotate(askerOf(request), id);
    reply.header(...NOT_KEPT);
    return key;
  }
}
