import { DEFAULT_TENANT, SERVICES, type Worker } from '@trivet/contracts';
import type { Ledger, WorkflowStore } from '@trivet/state';
import type { Metrics } from '@trivet/telemetry';
import type { Dispatcher } from '../runner/dispatcher.js';

export interface GaugeParts {
  store: Pick<WorkflowStore, 'countActive'>;
  ledger: Pick<Ledger, 'readAccount'>;
  dispatcher: Pick<Dispatcher, 'depth'>;
  workers: () => readonly Worker[];
}

/**
 * What is read at each scrape and not counted. Every orchestrator says the same of the whole installation: take the maximum
 * over them, not the sum. While Redis is away the series of what it holds are absent.
 */
export function addGauges(metrics: Metrics, { store, ledger, dispatcher, workers }: GaugeParts): void {
  metrics.gauge({ name: 'calls_ready', help: 'Calls that wait for a worker, by tier.', labels: ['tier'], collect: (gauge) => {
    for (const tier of ['tool', 'model'] as const) gauge.set({ tier }, dispatcher.depth()[tier].ready);
  } });
  metrics.gauge({ name: 'workers', help: 'Live processes, by what they are.', labels: ['worker'], collect: (gauge) => {
    for (const worker of SERVICES) gauge.set({ worker }, workers().filter(({ service }) => service === worker).length);
  } });
  metrics.gauge({ name: 'workflows_active', help: 'Workflows that have not ended.', collect: (gauge) => orAbsent(gauge, () => store.countActive()) });
  metrics.gauge({ name: 'budget_reserved_tokens', help: 'Tokens held for model calls that are under way, of all accounts.', collect: (gauge) => orAbsent(gauge, async () => {
    const { windows } = await ledger.readAccount({ scope: 'global', tenant: DEFAULT_TENANT, id: 'global' });
    return windows.find(({ window }) => window === 'total')?.heldTokens ?? 0;
  }) });
}

/** A scrape must not fail with Redis, and must not show what was so before. */
async function orAbsent(gauge: { set: (value: number) => void; remove: () => void }, read: () => Promise<number>): Promise<void> {
  try {
    gauge.set(await read());
  } catch {
    gauge.remove();
  }
}
