import { ApprovalDecision, ControlBody, DEFAULT_TENANT, ForkBody, HEADERS, Identifier, PolicyChange, SignalBody, parseOrFail } from '@trivet/contracts';
import { subjects, subjectToken, type Endpoint, type RpcRequest } from '@trivet/bus';
import type { WorkflowRef } from '@trivet/state';
import { z } from 'zod';
import type { Approvals } from '../approval/approvals.js';
import type { Controls } from '../control/controls.js';
import type { Intake } from '../intake/intake.js';
import { ApprovalsQuery } from './approvals.controller.js';
import { readSchema } from './documents.controller.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Policies } from '../policy/policies.js';
import type { Schedules } from '../schedule/schedules.js';
import { parseListQuery } from './listing.js';
import { policyTenant, setPolicy } from './policies.controller.js';
import { SchedulesQuery } from './schedules.controller.js';
import type { Queries } from './queries.js';

const ById = z.object({ workflowId: Identifier });
const SchemaRequest = z.object({ name: Identifier });
const ControlRequest = z.object({ workflowId: Identifier, ...ControlBody.shape });
const SignalRequest = z.object({ workflowId: Identifier, ...SignalBody.shape });
const ForkRequest = z.object({ workflowId: Identifier, newWorkflowId: Identifier.optional(), ...ForkBody.omit({ workflowId: true }).shape });
const ScheduleById = z.object({ id: Identifier });
const PolicyOf = z.object({ tenant: Identifier.optional() });
const PolicyRequest = z.strictObject({ tenant: Identifier.optional(), ...PolicyChange.shape });
const DecideRequest = z.object({ id: z.string().max(140), ...ApprovalDecision.shape });
const StateRequest = z.object({ workflowId: Identifier, at: z.number().int().min(1).optional() });
const EventsRequest = z.object({ workflowId: Identifier, after: z.number().int().min(0).default(0), limit: z.number().int().min(1).max(1_000).default(200) });
/** A tenant is the token after the verb; absent: the default one. */
const TENANT_TOKEN = 5;
const ACTOR = 'rpc';

type Handler = (tenant: string, request: RpcRequest) => Promise<unknown>;

export interface RpcParts {
  intake: Intake;
  queries: Queries;
  controls: Controls;
  approvals: Approvals;
  schedules: Schedules;
  policies: Policies;
  audit: AuditTrail;
}

/** The same as the HTTP routes, asked for over the bus. Each subject may end in `.<tenant>`. */
export function rpcEndpoints({ intake, queries, controls, approvals, schedules, policies, audit }: RpcParts): Endpoint[] {
  const control = (verb: 'cancel' | 'pause' | 'resume' | 'retry'): Handler => async (tenant, request) => {
    const { workflowId, reason } = parseOrFail(ControlRequest, request.body, 'the request');
    await controls[verb]({ tenant, workflowId }, reason, ACTOR);
    return queries.workflow({ tenant, workflowId });
  };
  const decide: Handler = async (tenant, request) => {
    const { id, ...decision } = parseOrFail(DecideRequest, request.body, 'the request');
    await approvals.decide(tenant, id, decision, ACTOR);
    return { id, decision: decision.decision };
  };
  const refOf = (tenant: string, request: RpcRequest): WorkflowRef => ({ tenant, ...parseOrFail(ById, request.body, 'the request') });
  const verbs: Record<string, Handler> = {
    'task.submit': (tenant, request) => {
      const fallbackId = request.header(HEADERS.messageId);
      return intake.submit({ tenant, body: request.body, source: 'rpc', actor: ACTOR, ...(fallbackId ? { fallbackId } : {}) });
    },
    'task.plan': (tenant, request) => intake.plan(tenant, request.body),
    'workflow.get': (tenant, request) => queries.workflow(refOf(tenant, request)),
    'workflow.list': (tenant, request) => queries.workflows(tenant, parseListQuery(request.body)),
    'workflow.steps': (tenant, request) => queries.steps(refOf(tenant, request)),
    'workflow.events': async (tenant, request) => {
      const { workflowId, after, limit } = parseOrFail(EventsRequest, request.body, 'the request');
      await queries.requireWorkflow({ tenant, workflowId });
      const items = await queries.events({ tenant, workflowId }, after, limit);
      return { items, nextCursor: items.length === limit ? String(items.at(-1)?.seq) : null };
    },
    'workflow.state': (tenant, request) => {
      const { workflowId, at } = parseOrFail(StateRequest, request.body, 'the request');
      return queries.stateAt({ tenant, workflowId }, at);
    },
    'workflow.cancel': control('cancel'),
    'workflow.pause': control('pause'),
    'workflow.resume': control('resume'),
    'workflow.retry': control('retry'),
    'workflow.signal': async (tenant, request) => {
      const { workflowId, ...signal } = parseOrFail(SignalRequest, request.body, 'the request');
      await controls.signal({ tenant, workflowId }, signal, ACTOR);
      return queries.workflow({ tenant, workflowId });
    },
    'workflow.fork': (tenant, request) => {
      const { workflowId, newWorkflowId, ...fork } = parseOrFail(ForkRequest, request.body, 'the request');
      return intake.fork({ tenant, workflowId }, { ...fork, ...(newWorkflowId ? { workflowId: newWorkflowId } : {}) }, ACTOR);
    },
    'workflow.approve': decide,
    'approval.list': (tenant, request) => {
      const { limit, cursor } = parseOrFail(ApprovalsQuery, request.body ?? {}, 'the request');
      return approvals.list(tenant, { limit, ...(cursor === undefined ? {} : { cursor }) });
    },
    'approval.decide': decide,
    'schema.get': (_tenant, request) => readSchema(parseOrFail(SchemaRequest, request.body, 'the request').name),
  };
  Object.assign(verbs, scheduleVerbs(schedules), policyVerbs({ policies, audit }));
  return Object.entries(verbs).flatMap(([name, handle]) => endpointsOf(name, handle));
}

function scheduleVerbs(schedules: Schedules): Record<string, Handler> {
  const idOf = (request: RpcRequest): string => parseOrFail(ScheduleById, request.body, 'the request').id;
  return {
    'schedule.create': (tenant, request) => schedules.create(tenant, request.body, ACTOR),
    'schedule.update': (tenant, request) => schedules.replace(tenant, parseOrFail(ScheduleById, pickId(request.body), 'the request').id, request.body, ACTOR),
    'schedule.get': (tenant, request) => schedules.get(tenant, idOf(request)),
    'schedule.list': (tenant, request) => {
      const { limit, cursor } = parseOrFail(SchedulesQuery, request.body ?? {}, 'the request');
      return schedules.list(tenant, { limit, ...(cursor === undefined ? {} : { cursor }) });
    },
    'schedule.delete': async (tenant, request) => {
      const id = idOf(request);
      await schedules.remove(tenant, id, ACTOR);
      return { id, deleted: true };
    },
    'schedule.pause': (tenant, request) => schedules.pause(tenant, idOf(request), ACTOR),
    'schedule.resume': (tenant, request) => schedules.resume(tenant, idOf(request), ACTOR),
    'schedule.trigger': (tenant, request) => schedules.trigger(tenant, idOf(request), ACTOR),
  };
}

function policyVerbs(parts: { policies: Policies; audit: AuditTrail }): Record<string, Handler> {
  return {
    'policy.get': (tenant, request) => parts.policies.of(policyTenant(tenant, parseOrFail(PolicyOf, request.body ?? {}, 'the request').tenant ?? tenant)),
    'policy.set': async (tenant, request) => {
      const { tenant: of = tenant, reason, ...body } = parseOrFail(PolicyRequest, request.body, 'the request');
      const policy = { tenant: policyTenant(tenant, of), ...body };
      return setPolicy(parts, policy, { tenant, actor: ACTOR, ...(reason ? { reason } : {}) });
    },
  };
}

const pickId = (body: unknown): unknown => (body !== null && typeof body === 'object' && 'id' in body ? { id: body.id } : {});

function endpointsOf(name: string, handle: Handler): Endpoint[] {
  const [noun = '', verb = ''] = name.split('.');
  return [subjects.rpc(noun, verb), subjects.rpcAnyTenant(noun, verb)].map((subject, index) => ({
    name: `${noun}-${verb}${index === 0 ? '' : '-tenant'}`,
    subject,
    handle: (request: RpcRequest) => handle(parseOrFail(Identifier, subjectToken(request.subject, TENANT_TOKEN) ?? DEFAULT_TENANT, 'the tenant'), request),
  }));
}
