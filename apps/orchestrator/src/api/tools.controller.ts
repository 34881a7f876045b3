import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Put, Req, Res } from '@nestjs/common';
import { ControlBody, FailureError, Identifier, parseOrFail, type Page, type Tool } from '@trivet/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Actor } from '../audit/audit-trail.js';
import { TOOLS, UPLOAD } from '../tokens.js';
import type { Tools } from '../tools/tools.js';
import type { UploadParts } from '../tools/upload.js';
import { partsOf, type MultipartLimits } from './multipart.js';
import { tenantOf, whoOf } from './request-context.js';

export type Upload = (by: Actor, name: string, parts: UploadParts) => Promise<{ tool: Tool; isNew: boolean }>;

/** A little more than the largest module that admission takes, which says its limit itself. */
const MOST_MODULE_BYTES = 9 * 1_048_576;
const MOST_TEXT_BYTES = 1_048_576;
const LIMITS: MultipartLimits = {
  parts: 8,
  fileBytes: MOST_MODULE_BYTES,
  textBytes: MOST_TEXT_BYTES,
  tooLarge: `A part is larger than ${MOST_MODULE_BYTES} bytes (a module) or ${MOST_TEXT_BYTES} bytes (a text).`,
  hint: 'curl -X PUT -F manifest=@tool.json -F module=@tool.wasm …/api/v1/tools/<name>',
};

const OptionalReason = ControlBody.nullish();

@Controller('api/v1/tools')
export class ToolsController {
  constructor(
    @Inject(TOOLS) private readonly tools: Tools,
    @Inject(UPLOAD) private readonly upload: Upload,
  ) {}

  @Get()
  async list(@Req() request: FastifyRequest): Promise<Page<Tool>> {
    return { items: await this.tools.list(tenantOf(request)), nextCursor: null };
  }

  @Get(':name')
  get(@Req() request: FastifyRequest, @Param('name') name: string): Promise<Tool> {
    return this.tools.get(tenantOf(request), name);
  }

  @Get(':name/versions')
  async versions(@Req() request: FastifyRequest, @Param('name') name: string): Promise<Page<Tool>> {
    return { items: await this.tools.versions(tenantOf(request), name), nextCursor: null };
  }

  @Put(':name')
  async put(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply, @Param('name') name: string): Promise<Tool> {
    const { tool, isNew } = await this.upload(whoOf(request), parseOrFail(Identifier, name, 'the name of the tool'), await readParts(request));
    reply.status(isNew ? 201 : 200).header('Location', `/api/v1/tools/${tool.name}`);
    return tool;
  }

  @Delete(':name')
  @HttpCode(204)
  remove(@Req() request: FastifyRequest, @Param('name') name: string): Promise<void> {
    return this.tools.remove(whoOf(request), name);
  }

  @Post(':name/disable')
  @HttpCode(200)
  disable(@Req() request: FastifyRequest, @Param('name') name: string, @Body() body: unknown): Promise<Tool> {
    parseOrFail(OptionalReason, body, 'the body');
    return this.tools.setDisabled(whoOf(request), name, true);
  }

  @Post(':name/enable')
  @HttpCode(200)
  enable(@Req() request: FastifyRequest, @Param('name') name: string, @Body() body: unknown): Promise<Tool> {
    parseOrFail(OptionalReason, body, 'the body');
    return this.tools.setDisabled(whoOf(request), name, false);
  }
}

const TEXT_PARTS = ['manifest', 'cases', 'signature'] as const;

/** The parts by name; each may be a field or a file. */
async function readParts(request: FastifyRequest): Promise<UploadParts> {
  const parts: UploadParts = {};
  for await (const { field, content } of partsOf(request, LIMITS)) {
    const text = TEXT_PARTS.find((name) => name === field);
    if (text) parts[text] = Buffer.from(content).toString('utf8');
    else if (field === 'module') parts.module = content;
    else throw new FailureError('invalid_request', `The body has a part ${JSON.stringify(field.slice(0, 80))}; there are manifest, module, cases and signature.`);
  }
  return parts;
}
