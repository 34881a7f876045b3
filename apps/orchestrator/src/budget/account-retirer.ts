import type { AccountRef, Ledger, WorkflowRef } from '@trivet/state';
import type { Accepted } from '../workflow/state.js';

/** Lets the accounts of finished workflows go with their records, many at a time. */
export interface AccountRetirer {
  /** A workflow has ended: its account stays for as long as its record and a day, for late settlements. */
  retire: (ref: WorkflowRef) => void;
  /** It is retried: its account, and those its calls count in as well, stay. */
  keep: (accepted: Pick<Accepted, 'tenant' | 'workflowId' | 'parent'>) => void;
  /** Lets go what is still to go. */
  stop: () => Promise<void>;
}

export interface RetirerParts {
  ledger: Pick<Ledger, 'retireAccounts' | 'keepAccounts'>;
  keepFinishedMs: number;
  onError: (error: unknown) => void;
}

const EVERY_MS = 1_000;
const MOST_AT_ONCE = 500;
/** Of those that wait while Redis is away. What is more stays in Redis until it is erased. */
const MOST_WAITING = 100_000;
const LATE_MS = 86_400_000;

/** For how long the account of a workflow that has ended stays. */
export const accountKeptMs = (keepFinishedMs: number): number => keepFinishedMs + LATE_MS;

export function startAccountRetirer({ ledger, keepFinishedMs, onError }: RetirerParts): AccountRetirer {
  const waiting = new Map<string, AccountRef>();
  let flushing: Promise<void> = Promise.resolve();
  const timer = setInterval(flush, EVERY_MS);

  function flush(): void {
    flushing = flushing.then(async () => {
      while (waiting.size > 0) await retireSome([...waiting].slice(0, MOST_AT_ONCE));
    }).catch(onError);
  }

  async function retireSome(some: readonly [string, AccountRef][]): Promise<void> {
    for (const [key] of some) waiting.delete(key);
    try {
      await ledger.retireAccounts(some.map(([, account]) => account), accountKeptMs(keepFinishedMs));
    } catch (error) {
      for (const [key, account] of some) if (waiting.size < MOST_WAITING) waiting.set(key, account);
      throw error;
    }
  }

  return {
    retire: ({ tenant, workflowId }) => {
      if (waiting.size < MOST_WAITING) waiting.set(`${tenant}|${workflowId}`, { scope: 'workflow', tenant, id: workflowId });
    },
    keep: ({ tenant, workflowId, parent }) => {
      waiting.delete(`${tenant}|${workflowId}`);
      const accounts = [workflowId, ...(parent?.ancestors ?? [])].map((id) => ({ scope: 'workflow' as const, tenant, id }));
      // After those that are being retired just now, this one may be among them.
      flushing = flushing.then(() => ledger.keepAccounts(accounts)).catch(onError);
    },
    stop: async () => {
      clearInterval(timer);
      flush();
      await flushing;
    },
  };
}
