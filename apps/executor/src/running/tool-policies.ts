import type { ToolPolicy } from '@trivet/contracts';
import { POLICY_FRESH_MS, type PolicyStore } from '@trivet/state';

/** So many tenants are remembered. */
const MOST_TENANTS = 10_000;

interface Read {
  at: number;
  policy: Promise<ToolPolicy | undefined>;
}

/**
 * What the policies of tenants say of tools. Read from Redis and not carried by the call: what is withdrawn is withdrawn at once,
 * and whoever could forge a call still could not widen what it may do. When Redis does not answer this rejects with
 * `unavailable`: the call waits, it does not run without a policy.
 */
export function createToolPolicies(store: Pick<PolicyStore, 'get'>): (tenant: string) => Promise<ToolPolicy | undefined> {
  const known = new Map<string, Read>();
  return (tenant) => {
    const read = known.get(tenant);
    if (read && performance.now() - read.at < POLICY_FRESH_MS) return read.policy;
    if (known.size >= MOST_TENANTS) known.clear();
    const policy = store.get(tenant).then((found) => found?.tools);
    known.set(tenant, { at: performance.now(), policy });
    policy.catch(() => known.delete(tenant));
    return policy;
  };
}
