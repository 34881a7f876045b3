import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { FailureError, FilesQuery, MOST_FILE_BYTES, parseOrFail, type Page, type StoredFile } from '@trivet/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Files } from '../files/files.js';
import { FILES } from '../tokens.js';
import { partsOf, type MultipartLimits } from './multipart.js';
import { tenantOf, whoOf } from './request-context.js';

const MOST_AT_ONCE = 50;
const LIMITS: MultipartLimits = {
  parts: MOST_AT_ONCE,
  fileBytes: MOST_FILE_BYTES,
  tooLarge: `A file is larger than ${MOST_FILE_BYTES} bytes, or there are more than ${MOST_AT_ONCE}.`,
  hint: 'curl -F file=@report.md …/api/v1/files',
};

@Controller('api/v1/files')
export class FilesController {
  constructor(@Inject(FILES) private readonly files: Files) {}

  @Post()
  async upload(@Req() request: FastifyRequest): Promise<Page<StoredFile>> {
    const by = whoOf(request);
    const items: StoredFile[] = [];
    for (const given of await filesIn(request)) items.push(await this.files.put(by, given));
    if (items.length === 0) throw new FailureError('invalid_request', 'The body has no file.', { hint: LIMITS.hint });
    return { items, nextCursor: null };
  }

  @Get()
  async list(@Req() request: FastifyRequest, @Query() query: unknown): Promise<Page<StoredFile>> {
    const { workflowId } = parseOrFail(FilesQuery, query, 'the query');
    return { items: await this.files.list(tenantOf(request), workflowId), nextCursor: null };
  }

  @Get(':name')
  async read(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @Param('name') name: string): Promise<void> {
    const { file, content } = await this.files.read(tenantOf(request), name);
    // Never as a page: what a tenant uploaded must not run in the browser of whoever looks at it.
    await reply.header('Content-Type', 'application/octet-stream').header('Content-Disposition', `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}`).header('X-Content-Type-Options', 'nosniff').header('ETag', `"${file.sha256}"`).send(Buffer.from(content));
  }

  @Delete(':name')
  @HttpCode(204)
  remove(@Req() request: FastifyRequest, @Param('name') name: string): Promise<void> {
    return this.files.remove(whoOf(request), name);
  }
}

async function filesIn(request: FastifyRequest): Promise<{ name: string; type: string; content: Uint8Array }[]> {
  const found: { name: string; type: string; content: Uint8Array }[] = [];
  for await (const { file, content } of partsOf(request, LIMITS)) if (file) found.push({ ...file, content });
  return found;
}
