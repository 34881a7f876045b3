import { inFlight } from './scale/in-flight.mjs';
import { overOrchestrators } from './scale/orchestrators.mjs';
import { queued } from './scale/queued.mjs';
import { overReplicas } from './scale/replicas.mjs';

/**
 * What more processes are worth, and what many workflows cost. `--long`: 100,000 queued tasks in place of 20,000.
 * @returns curves over replicas of each tier, workflows in flight at once, queued tasks drained
 */
export async function scale({ say, arguments: given = [] }) {
  return {
    replicas: await overReplicas({ say, counts: [1, 2, 4, 8] }),
    orchestrators: await overOrchestrators({ say, counts: [1, 2, 4] }),
    inFlight: await inFlight({ say, count: 10_000 }),
    queued: await queued({ say, count: given.includes('--long') ? 100_000 : 20_000 }),
  };
}
