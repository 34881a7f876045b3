import type { FastifyReply, FastifyRequest } from 'fastify';
import { DEFAULT_TENANT, FailureError, HEADERS, Identifier, TENANT_HEADER, parseOrFail } from '@trivet/contracts';
import type { WorkflowRef } from '@trivet/state';
import type { Actor } from '../audit/audit-trail.js';

/** Whose request it is. Without keys configured the tenant is chosen by a header, and only loopback is served. */
export function tenantOf(request: FastifyRequest): string {
  const chosen = request.headers[TENANT_HEADER.toLowerCase()];
  if (chosen === undefined) return DEFAULT_TENANT;
  return parseOrFail(Identifier, chosen, `the header ${TENANT_HEADER}`);
}

/** The workflow a route names; its id is on the answer, also when that is an error. */
export function workflowRefOf(request: FastifyRequest, reply: FastifyReply, workflowId: string): WorkflowRef {
  const id = Identifier.safeParse(workflowId);
  if (!id.success) throw new FailureError('not_found', `There is no workflow ${JSON.stringify(workflowId.slice(0, 80))}: an id has only letters, digits, _ and -, at most 64.`);
  reply.header(HEADERS.workflowId, id.data);
  return { tenant: tenantOf(request), workflowId: id.data };
}

/** `30s`, `500ms`, `2m` or a number of seconds, as ms. */
export function durationMs(text: string, field: string, mostMs: number): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text);
  const unitMs = { ms: 1, s: 1_000, m: 60_000 }[match?.[2] ?? 's'] ?? 1_000;
  const value = match ? Number(match[1]) * unitMs : Number.NaN;
  if (!Number.isFinite(value)) throw new FailureError('invalid_request', `${field} is ${JSON.stringify(text)}; it must be a time such as 30s, 500ms or 2m.`, { errors: [{ pointer: `/${field}`, detail: 'must be a time such as 30s' }] });
  return Math.min(value, mostMs);
}

/** Through which client a request came, for the audit log. */
export const actorOf = (request: FastifyRequest): 'cli' | 'http' => (request.headers['x-trivet-client'] === 'cli' ? 'cli' : 'http');

export const whoOf = (request: FastifyRequest): Actor => ({ tenant: tenantOf(request), actor: actorOf(request) });
