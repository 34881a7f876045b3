import type { ServiceProcess } from '@trivet/testing';
import { pick } from '../random.js';
import { allProcesses, type World } from '../world.js';
import { pause, type Fault } from './fault.js';

export const kill: Fault = {
  name: 'kill',
  what: 'SIGKILL of a service',
  track: 'processes',
  lastsMs: [0, 0],
  weight: 4,
  run: async (world, { aim }) => aimed(world, aim).kill(),
};

/** Two deaths: the process that follows the killed one dies at a place a timer could never hit. */
export const crashPoint: Fault = {
  name: 'crash-point',
  what: 'a service kills itself between two steps',
  track: 'processes',
  lastsMs: [0, 0],
  weight: 2,
  run: async (world, { aim }) => {
    const process = aimed(world, aim);
    const points = CRASH_POINTS.filter((point) => point.startsWith(`${process.service}.`));
    // The part of the aim that did not choose the process chooses the point.
    process.crashNext(pick(points, (aim * 1_000) % 1));
    process.kill();
  },
};

export const hang: Fault = {
  name: 'hang',
  what: 'SIGSTOP of a service, then SIGCONT',
  track: 'surroundings',
  lastsMs: [1_000, 7_000],
  run: async (world, { aim, lastsMs }) => stopped(aimed(world, aim).pid, lastsMs),
};

/** SIGCONT goes to the very process that was stopped: it may have been killed and followed by another meanwhile. */
export async function stopped(pid: number, forMs: number): Promise<void> {
  signal(pid, 'SIGSTOP');
  try {
    await pause(forMs);
  } finally {
    signal(pid, 'SIGCONT');
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

const aimed = (world: World, aim: number): ServiceProcess => pick(allProcesses(world.stack), aim);

const CRASH_POINTS = [
  'orchestrator.before-accept',
  'orchestrator.before-commit:5',
  'orchestrator.after-accept:2',
  'orchestrator.after-commit-before-publish:5',
  'orchestrator.after-publish-before-confirm:5',
  'orchestrator.after-result-before-ack:3',
  'executor.after-claim:3',
  'executor.before-result:3',
  'executor.result-before-ack:3',
  'model.after-claim:2',
  'model.after-reserve-before-vendor',
  'model.after-vendor-before-settle',
  'model.after-settle-before-result',
  'model.after-result-before-ack:2',
] as const;
