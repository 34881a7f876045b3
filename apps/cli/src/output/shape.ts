import { SERVICES, type Worker } from '@trivet/contracts';
import type { Shape } from '../launcher/layout.js';

/** How the tiers lie on processes, from the workers that are up; undefined when none is. */
export function shapeOf(workers: readonly Worker[]): Shape | undefined {
  if (workers.length === 0) return undefined;
  const processes = processesAmong(workers);
  if (processes === 1 && workers.length > 1) return 'one';
  return SERVICES.some((service) => countOf(workers, service) > 1) ? 'scaled' : 'split';
}

/** `split: 1 orchestrator, 1 executor, 1 model in 3 processes`. */
export function describeShape(workers: readonly Worker[]): string {
  const shape = shapeOf(workers);
  if (shape === undefined) return 'no worker is up';
  const tiers = SERVICES.map((service) => [countOf(workers, service), service] as const).map(([count, service]) => `${count} ${service}${count === 1 ? '' : 's'}`);
  const processes = processesAmong(workers);
  return `${shape}: ${tiers.join(', ')} in ${processes === 1 ? 'one process' : `${processes} processes`}`;
}

const countOf = (workers: readonly Worker[], service: Worker['service']): number => workers.filter((worker) => worker.service === service).length;

/** Process ids are only unique on a host; in containers each is 1. */
const processesAmong = (workers: readonly Worker[]): number => new Set(workers.map(({ host, pid }) => `${host} ${pid}`)).size;
