import type { FastifyReply, FastifyRequest } from 'fastify';
import { FailureError, HEADERS, Identifier } from '@trivet/contracts';
import type { WorkflowRef } from '@trivet/state';
import { askerOf, clientOf } from '../access/guard.js';
import type { Actor } from '../audit/audit-trail.js';

/** Whose request it is, as the guard found it. */
export const tenantOf = (request: FastifyRequest): string => askerOf(request).tenant;

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

/** Through which client a task came. */
export const sourceOf = clientOf;

/** Who asks, for the audit log: the name of the key, or without keys the client. */
export const actorOf = (request: FastifyRequest): string => askerOf(request).actor;

export const whoOf = (request: FastifyRequest): Actor => ({ tenant: tenantOf(request), actor: actorOf(request) });
