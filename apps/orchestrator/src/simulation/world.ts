import type { Service, Worker } from '@trivet/contracts';
import { keepPresence, type Presence } from '@trivet/state';
import type { Auditor } from './auditor.js';
import type { MemoryLedger } from './memory/ledger.js';
import { createNetwork, type Network } from './memory/network.js';
import { createPorts, type Ports } from './memory/ports.js';
import { createMemoryPresence, type Announced } from './memory/presence.js';
import type { Process, Scheduler } from './scheduler.js';

/** What all processes of one simulation stand on. */
export interface World {
  scheduler: Scheduler;
  ledger: MemoryLedger;
  network: Network;
  auditor: Auditor;
  addProcess: (service: Service) => Process;
  portsOf: (process: Process) => Ports;
  presenceOf: (process: Process) => Presence;
  /** Says every second that the process is there; one whose first word is lost starts again, as its supervisor would see to. */
  announce: (process: Process, service: Service, slots: number) => void;
}

/** No clock of a service is further off than this. */
const MOST_SKEW_MS = 300;

export function createWorld(scheduler: Scheduler, ledger: MemoryLedger, auditor: Auditor): World {
  const network = createNetwork(scheduler);
  const announced: Announced = new Map();
  let started = 0;
  const presenceOf = (process: Process): Presence => createMemoryPresence(scheduler, announced, process);
  const describe = (process: Process, service: Service, slots: number): Worker => ({ service, id: process.name, pid: 1, host: 'simulation', version: '0', startedAt: '', inFlight: 0, slots, draining: false });
  const announce = (process: Process, service: Service, slots: number): void =>
    scheduler.as(process, () => void keepPresence(presenceOf(process), () => describe(process, service, slots), () => undefined).catch(() => announce(process, service, slots)));
  return {
    scheduler,
    ledger,
    network,
    auditor,
    addProcess: (service) => {
      const process: Process = { name: `${service}-${(started += 1)}`, isAlive: true, frozenUntil: 0, sentUntil: 0, skewMs: scheduler.random.between(-MOST_SKEW_MS, MOST_SKEW_MS) };
      network.processes.set(process.name, process);
      scheduler.trace(`${process.name} starts`);
      return process;
    },
    portsOf: (process) => createPorts(scheduler, ledger, process),
    presenceOf,
    announce,
  };
}
