import { randomBytes } from 'node:crypto';
import { ID_PATTERN } from '@trivet/contracts';
import { ConfigError } from './load-config.js';
import type { TierPlace } from './run-service.js';

/** An id no other process has: what the service is, and enough randomness for any fleet. */
export const createWorkerId = (service: string): string => `${service}-${randomBytes(6).toString('hex')}`;

/**
 * The id of a tier: the one that was asked for, or a random one. Claims are told apart by it, so tiers that share a process
 * and its environment each get their name behind it.
 *
 * @throws ConfigError when that makes it too long
 */
export function workerIdOf(service: string, wanted: string | undefined, { of }: TierPlace): string {
  if (wanted === undefined) return createWorkerId(service);
  const id = of === 1 ? wanted : `${wanted}-${service}`;
  if (ID_PATTERN.test(id)) return id;
  throw new ConfigError([`TRIVET_WORKER_ID is '${wanted}', and in one process the ${service} is called '${id}': ${id.length} characters where 64 are allowed. Shorten it.`]);
}

/**
 * The admin port of a tier: tiers of one process have ports that follow each other.
 *
 * @throws ConfigError when there is no such port
 */
export function tierPort(first: number, { index }: TierPlace): number {
  if (first === 0) return 0;
  if (first + index <= 65_535) return first + index;
  throw new ConfigError([`TRIVET_ADMIN_PORT is ${first}, and in one process each tier takes one more: ${first + index} is no port. Choose one up to 65533, or 0 for free ones.`]);
}
