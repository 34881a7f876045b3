import type { TenantSummary } from '@trivet/contracts';
import type { ApiKeyStore, AuditLog, PolicyStore } from '@trivet/state';

/** The tenants that have keys, a policy or rows in the audit, by name. */
export type ListTenants = () => Promise<TenantSummary[]>;

export interface TenantParts {
  apiKeys: Pick<ApiKeyStore, 'list'>;
  policyStore: Pick<PolicyStore, 'list'>;
  auditLog: Pick<AuditLog, 'tenants'>;
  /** Those whose record is there. */
  countWorkflows: (tenant: string) => Promise<number>;
}

export function createListTenants({ apiKeys, policyStore, auditLog, countWorkflows }: TenantParts): ListTenants {
  return async () => {
    const [keys, policies, audited] = await Promise.all([apiKeys.list(), policyStore.list(), auditLog.tenants()]);
    const withPolicy = new Set(policies.map(({ tenant }) => tenant));
    const names = [...new Set([...keys.map(({ tenant }) => tenant), ...withPolicy, ...audited])].toSorted();
    return Promise.all(names.map(async (tenant) => ({ tenant, keys: keys.filter((key) => key.tenant === tenant).length, workflows: await countWorkflows(tenant), hasPolicy: withPolicy.has(tenant) })));
  };
}
