import { Body, Controller, Get, Inject, Param, Put, Req } from '@nestjs/common';
import { DEFAULT_TENANT, FailureError, Identifier, PolicyChange, canonicalJson, parseOrFail, type KeyQueue, type Page, type Policy } from '@trivet/contracts';
import { checkTimeZone } from '@trivet/state';
import type { FastifyRequest } from 'fastify';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Gatekeeper } from '../policy/gatekeeper.js';
import type { Policies } from '../policy/policies.js';
import { AUDIT, GATEKEEPER, POLICIES } from '../tokens.js';
import { actorOf, tenantOf } from './request-context.js';

@Controller('api/v1')
export class PoliciesController {
  constructor(
    @Inject(POLICIES) private readonly policies: Policies,
    @Inject(GATEKEEPER) private readonly gatekeeper: Gatekeeper,
    @Inject(AUDIT) private readonly audit: AuditTrail,
  ) {}

  @Get('queues/keys')
  async keys(@Req() request: FastifyRequest): Promise<Page<KeyQueue>> {
    return { items: await this.gatekeeper.keys(tenantOf(request)), nextCursor: null };
  }

  @Get('policies')
  async list(@Req() request: FastifyRequest): Promise<Page<Policy>> {
    const own = tenantOf(request);
    return { items: (await this.policies.list()).filter((policy) => own === DEFAULT_TENANT || policy.tenant === own), nextCursor: null };
  }

  @Get('policies/:tenant')
  get(@Req() request: FastifyRequest, @Param('tenant') tenant: string): Promise<Policy> {
    return this.policies.of(policyTenant(tenantOf(request), tenant));
  }

  @Put('policies/:tenant')
  async put(@Req() request: FastifyRequest, @Param('tenant') tenant: string, @Body() body: unknown): Promise<Policy> {
    const own = tenantOf(request);
    const { reason: _, ...wanted } = parseOrFail(PolicyChange, body, 'the policy');
    const policy = { tenant: policyTenant(own, tenant), ...wanted };
    return setPolicy({ policies: this.policies, audit: this.audit }, policy, { tenant: own, actor: actorOf(request) });
  }
}

/** Without keys configured the default tenant is the operator's. */
const isOperator = (tenant: string): boolean => tenant === DEFAULT_TENANT;

/** The operator sets everybody's policy, another tenant its own. */
export function policyTenant(own: string, text: string): string {
  const tenant = parseOrFail(Identifier, text, 'the tenant');
  if (!isOperator(own) && own !== tenant) throw new FailureError('not_found', `There is no policy of ${tenant} for this tenant.`);
  return tenant;
}

export async function setPolicy(parts: { policies: Policies; audit: AuditTrail }, wanted: Policy, by: { tenant: string; actor: string; reason?: string }): Promise<Policy> {
  if (wanted.timeZone !== undefined) checkTimeZone(wanted.timeZone);
  const policy = await parts.policies.change(wanted.tenant, (current) => withTools(current, wanted, by.tenant));
  await parts.audit.record({ tenant: by.tenant, actor: by.actor, action: 'policy.set', target: `policy/${policy.tenant}`, workflowId: null, detail: JSON.stringify(policy).slice(0, 2_000), ...(by.reason ? { reason: by.reason } : {}) });
  return policy;
}

/** What holds for tools is lifted by whoever says so, and may: not by a tenant itself, and not by a body that only sets a weight. */
function withTools(current: Policy | null, wanted: Policy, by: string): Policy {
  const tools = current?.tools;
  if (wanted.tools === undefined) return { ...wanted, ...(tools === undefined ? {} : { tools }) };
  if (isOperator(by) || canonicalJson(wanted.tools) === canonicalJson(tools)) return wanted;
  throw new FailureError('forbidden', `Only the operator sets /tools of the policy of ${wanted.tenant}; leave it out and it stays as it is.`);
}
