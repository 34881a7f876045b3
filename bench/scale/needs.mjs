import { round } from '../measure.mjs';

/** No part is planned fuller than this. */
export const FULL = 0.7;
const RATES = [1_000, 100_000];
/** With three copies of each stream every server writes what one writes alone. */
const COPIES = 3;

/**
 * What a rate of workflows of three steps needs of each part, from the CPU time one takes: cores when nothing is planned fuller than
 * FULL. A process of Node or Redis uses one core; NATS uses many.
 * @param cpuUs by part, of a workflow with several orchestrators
 */
export const needsOf = (cpuUs) =>
  ['orchestrator', 'executor', 'redis', 'nats'].map((part) => {
    const us = cpuUs[part] * (part === 'nats' ? COPIES : 1);
    return { part, us, mostPerSecond: Math.round((FULL * 1_000_000) / us), cores: RATES.map((perSecond) => ({ perSecond, cores: Math.ceil(round((perSecond * us) / (FULL * 1_000_000))) })) };
  });
