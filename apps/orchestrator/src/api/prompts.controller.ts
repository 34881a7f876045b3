import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Put, Query, Req, Res } from '@nestjs/common';
import { FailureError, Identifier, PromptLabelBody, PromptPreviewBody, parseOrFail, type Page, type Prompt, type PromptDiff, type PromptPreview } from '@trivet/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Prompts } from '../prompts/prompts.js';
import { PROMPTS } from '../tokens.js';
import { tenantOf, whoOf } from './request-context.js';

const WhichQuery = z.strictObject({ version: z.string().regex(/^\d{1,9}$/, 'must be a number').optional(), label: Identifier.optional() }).refine(({ version, label }) => version === undefined || label === undefined, 'may have version or label');
const VersionsQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(200).default(50), cursor: z.coerce.number().int().min(1).optional() });
const Selector = z.string().min(1).max(64);
const DiffQuery = z.strictObject({ from: Selector, to: Selector.default('latest') });

@Controller('api/v1/prompts')
export class PromptsController {
  constructor(@Inject(PROMPTS) private readonly prompts: Prompts) {}

  @Get()
  async list(@Req() request: FastifyRequest): Promise<Page<Prompt>> {
    return { items: await this.prompts.list(tenantOf(request)), nextCursor: null };
  }

  @Get(':name')
  get(@Req() request: FastifyRequest, @Param('name') name: string, @Query() query: unknown): Promise<Prompt> {
    const { version, label } = parseOrFail(WhichQuery, query, 'the query');
    return this.prompts.get(tenantOf(request), name, version ?? label);
  }

  @Get(':name/versions')
  async versions(@Req() request: FastifyRequest, @Param('name') name: string, @Query() query: unknown): Promise<Page<Prompt>> {
    const { limit, cursor } = parseOrFail(VersionsQuery, query, 'the query');
    const items = await this.prompts.versions(tenantOf(request), name, { below: cursor ?? Number.MAX_SAFE_INTEGER, limit });
    const last = items.at(-1);
    return { items, nextCursor: items.length === limit && last && last.version > 1 ? String(last.version) : null };
  }

  @Get(':name/diff')
  diff(@Req() request: FastifyRequest, @Param('name') name: string, @Query() query: unknown): Promise<PromptDiff> {
    const { from, to } = parseOrFail(DiffQuery, query, 'the query');
    return this.prompts.diff(tenantOf(request), name, from, to);
  }

  @Put(':name')
  async put(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply, @Param('name') name: string, @Body() body: unknown): Promise<Prompt> {
    const id = parseOrFail(Identifier, name, 'the name of the prompt');
    if (body === undefined || body === null) throw new FailureError('invalid_request', 'The body is empty; it must be a prompt, as JSON or as text/markdown.');
    const { prompt, isNew } = await this.prompts.put(whoOf(request), id, typeof body === 'string' ? { markdown: body } : { body });
    reply.status(isNew ? 201 : 200).header('Location', `/api/v1/prompts/${id}?version=${prompt.version}`);
    return prompt;
  }

  @Put(':name/labels/:label')
  async label(@Req() request: FastifyRequest, @Param('name') name: string, @Param('label') label: string, @Body() body: unknown): Promise<Prompt> {
    const { version } = parseOrFail(PromptLabelBody, body, 'the label');
    await this.prompts.setLabel(whoOf(request), name, parseOrFail(Identifier, label, 'the label'), version);
    return this.prompts.get(tenantOf(request), name, String(version));
  }

  @Delete(':name/labels/:label')
  @HttpCode(204)
  unlabel(@Req() request: FastifyRequest, @Param('name') name: string, @Param('label') label: string): Promise<void> {
    return this.prompts.setLabel(whoOf(request), name, parseOrFail(Identifier, label, 'the label'), null);
  }

  @Post(':name/preview')
  @HttpCode(200)
  preview(@Req() request: FastifyRequest, @Param('name') name: string, @Body() body: unknown): Promise<PromptPreview> {
    return this.prompts.preview(tenantOf(request), parseOrFail(Identifier, name, 'the name of the prompt'), parseOrFail(PromptPreviewBody, body ?? {}, 'the preview'));
  }
}
