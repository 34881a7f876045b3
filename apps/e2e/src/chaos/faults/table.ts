import type { Fault } from './fault.js';
import { cut, halfOpen, latency, lostReplies } from './network.js';
import { crashPoint, hang, kill } from './processes.js';
import { natsHang, natsKill, natsRollback, natsWipe, powerCut, redisHang, redisKill, redisRollback, slowDisk } from './servers.js';

/** What a run has when it is asked for nothing else. */
export const FAULTS: readonly Fault[] = [kill, crashPoint, hang, natsKill, redisKill, natsHang, redisHang, powerCut, natsWipe, natsRollback, slowDisk, latency, cut, halfOpen, lostReplies];

/** What has to be asked for by name: what it takes is made good only where nothing else takes from the journal. */
export const FURTHER_FAULTS: readonly Fault[] = [redisRollback];

/** @throws RangeError that names the ones there are */
export function faultsNamed(names: readonly string[] | undefined): readonly Fault[] {
  if (names === undefined) return FAULTS;
  const known = [...FAULTS, ...FURTHER_FAULTS];
  return names.filter((name) => name !== 'none').map((name) => {
    const fault = known.find((each) => each.name === name);
    if (!fault) throw new RangeError(`There is no fault '${name}'; there are none, ${known.map((each) => each.name).join(', ')}`);
    return fault;
  });
}
