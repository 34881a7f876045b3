import { DEFAULT_TENANT, FailureError, HEADERS, Identifier, isTerminal, parseOrFail } from '@trivet/contracts';
import { subjects, subjectToken, type Endpoint, type RpcRequest } from '@trivet/bus';
import { z } from 'zod';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Intake } from '../intake/intake.js';
import type { Runner } from '../runner/runner.js';
import { readSchema } from './documents.controller.js';
import { parseListQuery } from './listing.js';
import type { Queries } from './queries.js';

const ById = z.object({ workflowId: Identifier });
const SchemaRequest = z.object({ name: Identifier });
const CancelRequest = z.object({ workflowId: Identifier, reason: z.string().max(1_000).optional() });
/** A tenant is the token after the verb; absent: the default one. */
const TENANT_TOKEN = 5;

type Handler = (tenant: string, request: RpcRequest) => Promise<unknown>;

/** The same as the HTTP routes, asked for over the bus. Each subject may end in `.<tenant>`. */
export function rpcEndpoints(parts: { intake: Intake; queries: Queries; runner: Runner; audit: AuditTrail }): Endpoint[] {
  const verbs: { noun: string; verb: string; handle: Handler }[] = [
    {
      noun: 'task',
      verb: 'submit',
      handle: (tenant, request) => {
        const fallbackId = request.header(HEADERS.messageId);
        return parts.intake.submit({ tenant, body: request.body, source: 'rpc', actor: 'rpc', ...(fallbackId ? { fallbackId } : {}) });
      },
    },
    { noun: 'workflow', verb: 'get', handle: (tenant, request) => parts.queries.workflow({ tenant, ...parseOrFail(ById, request.body, 'the request') }) },
    { noun: 'workflow', verb: 'list', handle: (tenant, request) => parts.queries.workflows(tenant, parseListQuery(request.body)) },
    { noun: 'workflow', verb: 'steps', handle: async (tenant, request) => ({ items: await parts.queries.steps({ tenant, ...parseOrFail(ById, request.body, 'the request') }), nextCursor: null }) },
    {
      noun: 'workflow',
      verb: 'cancel',
      handle: async (tenant, request) => {
        const { workflowId, reason = 'cancelled by request' } = parseOrFail(CancelRequest, request.body, 'the request');
        const ref = { tenant, workflowId };
        const before = await parts.queries.workflow(ref);
        if (isTerminal(before.status)) throw new FailureError('state_conflict', `Workflow ${workflowId} is ${before.status} already; only one that has not ended can be cancelled.`);
        await parts.runner.deliver(ref, { type: 'cancel', reason });
        await parts.audit.record({ tenant, actor: 'rpc', action: 'workflow.cancel', target: `workflow/${workflowId}`, workflowId, detail: reason });
        return parts.queries.workflow(ref);
      },
    },
  ];
  verbs.push({ noun: 'schema', verb: 'get', handle: (_tenant, request) => readSchema(parseOrFail(SchemaRequest, request.body, 'the request').name) });
  return verbs.flatMap(({ noun, verb, handle }) =>
    [subjects.rpc(noun, verb), subjects.rpcAnyTenant(noun, verb)].map((subject, index) => ({
      name: `${noun}-${verb}${index === 0 ? '' : '-tenant'}`,
      subject,
      handle: (request: RpcRequest) => handle(parseOrFail(Identifier, subjectToken(request.subject, TENANT_TOKEN) ?? DEFAULT_TENANT, 'the tenant'), request),
    })),
  );
}
