import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { FAILURES, FailureError, HEADERS, MOST_TASK_BYTES, asFailureError, isIdentifier, problemOf, type Failure, type FailureCode } from '@trivet/contracts';
import { isOpenAiRoute, openAiError, openAiStatus } from '../openai/errors.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '@trivet/telemetry';

/** Every error leaves as a problem document (RFC 9457); what we did not foresee says nothing of its inside. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendProblem(http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), thrown, this.log);
  }
}

/** What is needed of a request and a reply; both edges of Fastify's typing have it. */
export interface RequestLike {
  method: string;
  headers: Record<string, string | string[] | undefined>;
  url: string;
  params: unknown;
}
interface ReplyLike {
  getHeader: (name: string) => unknown;
  header: (name: string, value: string) => ReplyLike;
  status: (status: number) => ReplyLike;
  send: (body: string) => unknown;
}

export function sendProblem(request: RequestLike, reply: ReplyLike, thrown: unknown, log: Logger): void {
  const error = toFailure(thrown, request);
  if (error.failure.code === 'internal') log.error({ error: thrown, method: request.method, url: request.url }, 'a request failed unexpectedly');
  const workflowId = workflowIdOf(request, reply, error.failure);
  if (workflowId) reply.header(HEADERS.workflowId, workflowId);
  if (error.failure.code === 'rate_limited' || error.failure.code === 'unavailable') reply.header('Retry-After', String(error.failure.detail?.['retryAfterS'] ?? 1));
  if (error.failure.code === 'unauthorized') reply.header('WWW-Authenticate', 'Bearer realm="trivet"');
  if (isOpenAiRoute(request.url)) return void reply.status(openAiStatus(error)).header('Content-Type', 'application/json; charset=utf-8').send(JSON.stringify(openAiError(error)));
  const problem = problemOf(error, workflowId);
  void reply.status(problem.status).header('Content-Type', 'application/problem+json; charset=utf-8').send(JSON.stringify(problem));
}

/** The same for a request that has no route yet: a URL or a method that cannot be read. */
export function writeProblem(request: RequestLike, raw: { writeHead: (status: number, headers: Record<string, string>) => unknown; end: (body: string) => unknown }, thrown: unknown): void {
  const problem = problemOf(toFailure(thrown, request));
  raw.writeHead(problem.status, { 'Content-Type': 'application/problem+json; charset=utf-8' });
  raw.end(JSON.stringify(problem));
}

function toFailure(thrown: unknown, request: RequestLike): FailureError {
  if (thrown instanceof FailureError) return thrown;
  const status = statusOf(thrown);
  const code = codeOf(status);
  if (code === undefined) return asFailureError(thrown);
  if (code === 'not_found') return new FailureError('not_found', `There is no route ${request.method} ${request.url.split('?')[0]}.`, { hint: 'See /openapi.json for the routes.' });
  if (code === 'payload_too_large') return new FailureError(code, `The body is over the limit of ${MOST_TASK_BYTES} bytes.`, { detail: { limit: MOST_TASK_BYTES } });
  if (code === 'unsupported_media_type') return new FailureError(code, `The body's Content-Type is ${JSON.stringify(request.headers['content-type'] ?? '')}; it must be application/json.`);
  return new FailureError(code, thrown instanceof Error ? thrown.message : FAILURES[code].meaning);
}

function statusOf(thrown: unknown): number {
  if (thrown instanceof HttpException) return thrown.getStatus();
  if (thrown instanceof Error && 'statusCode' in thrown && typeof thrown.statusCode === 'number') return thrown.statusCode;
  return 500;
}

const BY_STATUS: Readonly<Record<number, FailureCode>> = { 400: 'invalid_request', 404: 'not_found', 405: 'method_not_allowed', 413: 'payload_too_large', 415: 'unsupported_media_type', 429: 'rate_limited' };
const codeOf = (status: number): FailureCode | undefined => BY_STATUS[status];

function workflowIdOf(request: RequestLike, reply: ReplyLike, failure: Failure): string | undefined {
  const set = reply.getHeader(HEADERS.workflowId);
  if (typeof set === 'string') return set;
  const named = failure.detail?.['workflowId'];
  if (isIdentifier(named)) return named;
  const { params } = request;
  const id = params !== null && typeof params === 'object' && 'id' in params ? params.id : undefined;
  return isIdentifier(id) && request.url.includes('/workflows/') ? id : undefined;
}
