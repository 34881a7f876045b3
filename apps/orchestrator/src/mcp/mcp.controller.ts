import { Readable } from 'node:stream';
import { All, Controller, Inject, Req, Res } from '@nestjs/common';
import { createMcpHandler, hostHeaderValidationResponse, localhostAllowedHostnames, localhostAllowedOrigins, originValidationResponse } from '@modelcontextprotocol/server';
import type { Ledger } from '@trivet/state';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Queries } from '../api/queries.js';
import { askerOf } from '../access/guard.js';
import type { Watches } from '../api/watches.js';
import type { Approvals } from '../approval/approvals.js';
import type { Controls } from '../control/controls.js';
import type { Intake } from '../intake/intake.js';
import { APPROVALS, CONTROLS, HTTP_HOST, INTAKE, LEDGER, QUERIES, TOOLS, WATCHES } from '../tokens.js';
import type { Tools } from '../tools/tools.js';
import { VERSION } from '../version.js';
import { createMcpServer, type McpParts } from './mcp-tools.js';

/** The Model Context Protocol over streamable HTTP, without sessions: any orchestrator answers any request. */
@Controller('mcp')
export class McpController {
  private readonly parts: McpParts;

  constructor(
    @Inject(HTTP_HOST) private readonly httpHost: string,
    @Inject(INTAKE) intake: Intake,
    @Inject(QUERIES) queries: Queries,
    @Inject(WATCHES) watches: Watches,
    @Inject(CONTROLS) controls: Controls,
    @Inject(APPROVALS) approvals: Approvals,
    @Inject(TOOLS) tools: Tools,
    @Inject(LEDGER) ledger: Ledger,
  ) {
    this.parts = { intake, queries, watches, controls, approvals, tools, ledger };
  }

  @All()
  async serve(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const asked = webRequestOf(request, reply);
    const { tenant, actor, key } = askerOf(request);
    const handler = createMcpHandler(() => createMcpServer(this.parts, { tenant, actor: key ? actor : 'mcp' }, VERSION));
    const answer = refusalOf(asked, this.httpHost) ?? (await handler.fetch(asked, { parsedBody: request.body }));
    reply.status(answer.status);
    for (const [name, value] of answer.headers) reply.header(name, value);
    return void reply.send(answer.body ? Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]) : undefined);
  }
}

/**
 * A page of another site in a browser on this machine reaches a port of it, by its address or by a name that it has point here: such a request
 * has the other site's Origin or name in it, and is refused as the protocol demands.
 */
function refusalOf(request: Request, httpHost: string): Response | undefined {
  if (localhostAllowedHostnames().includes(httpHost) || httpHost === '::1') return hostHeaderValidationResponse(request, localhostAllowedHostnames()) ?? originValidationResponse(request, localhostAllowedOrigins());
  return originValidationResponse(request, [...localhostAllowedOrigins(), new URL(request.url).hostname]);
}

function webRequestOf(request: FastifyRequest, reply: FastifyReply): Request {
  const controller = new AbortController();
  reply.raw.on('close', () => reply.raw.writableFinished || controller.abort());
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) if (value !== undefined) headers.set(name, String(value));
  const body = request.method === 'POST' ? { body: JSON.stringify(request.body ?? null) } : {};
  return new Request(`http://${request.headers.host ?? 'localhost'}${request.url}`, { method: request.method, headers, signal: controller.signal, ...body });
}
