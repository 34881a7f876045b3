import { PolicyBody, type Policy } from '@trivet/contracts';
import { POLICY_FRESH_MS, type GateLimits, type Ledger, type PolicyStore } from '@trivet/state';
import { setTimeout as pause } from 'node:timers/promises';

/** Workflows of one key at once, where no policy says otherwise. */
const KEY_RUNNING = 1;

/** The policies of tenants, read again within half a second of a change. */
export interface Policies {
  of: (tenant: string) => Promise<Policy>;
  list: () => Promise<Policy[]>;
  /** Replaces it with what `to` makes of it; resolves when every process goes by it. */
  change: (tenant: string, to: (current: Policy | null) => Policy) => Promise<Policy>;
  /** Weights other than 1, as they were read last. */
  weights: () => ReadonlyMap<string, number>;
}

export interface PolicyParts {
  store: PolicyStore;
  /** Keeps a policy also where it outlives Redis. */
  journal: (policy: Policy) => Promise<void>;
  /** Counts the tenant's accounts in the days of its zone; refuses what is no zone. */
  setTimeZone: Ledger['setTimeZone'];
}

export function createPolicies({ store, journal, setTimeZone }: PolicyParts): Policies {
  let read: { at: number; policies: Promise<Map<string, Policy>> } | null = null;
  let weights = new Map<string, number>();

  function all(): Promise<Map<string, Policy>> {
    if (read && performance.now() - read.at < POLICY_FRESH_MS) return read.policies;
    const policies = store.list().then((list) => {
      weights = new Map(list.filter((policy) => policy.weight !== 1).map((policy) => [policy.tenant, policy.weight]));
      return new Map(list.map((policy) => [policy.tenant, policy]));
    });
    read = { at: performance.now(), policies };
    policies.catch(() => (read = null));
    return policies;
  }

  return {
    of: async (tenant) => (await all()).get(tenant) ?? { tenant, ...PolicyBody.parse({}) },
    list: async () => [...(await all()).values()],
    change: async (tenant, to) => {
      const policy = await store.change(tenant, to);
      // As it is stored now: of two changes at once the later one counts for both.
      await setTimeZone(tenant, (await store.list()).find((each) => each.tenant === tenant)?.timeZone ?? null);
      await journal(policy);
      read = null;
      await pause(POLICY_FRESH_MS);
      return policy;
    },
    weights: () => {
      void all().catch(() => undefined);
      return weights;
    },
  };
}

/** What a policy says of one key; '' is a workflow without one. */
export function limitsOf(policy: Policy, key: string): GateLimits {
  const found = key === '' ? undefined : (policy.keys.find((each) => each.key === key) ?? policy.keys.find((each) => each.key === '*'));
  return { tenantRunning: policy.maxRunning, keyRunning: key === '' ? null : (found?.maxRunning ?? KEY_RUNNING), rate: found?.rate ?? null };
}
