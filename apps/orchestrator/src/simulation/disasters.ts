import { startOrchestrator, type Orchestrator } from './orchestrator-process.js';
import type { Process } from './scheduler.js';
import { startWorker } from './worker-process.js';
import type { World } from './world.js';

/** What goes wrong in one simulation, and when. */
export interface Disasters {
  begin: () => void;
  /** Nothing goes wrong any more, and somebody of each kind is there. */
  heal: () => void;
  roughForMs: number;
  orchestrators: () => Orchestrator[];
  crashes: () => number;
  /** Whether the bus lost anything it held. */
  lostBus: () => boolean;
}

type Spawn = 'orchestrator' | 'executor' | 'model';

export function createDisasters(world: World): Disasters {
  const { scheduler, network } = world;
  const { random } = scheduler;
  const roughForMs = random.between(2_000, 9_000);
  const orchestrators: Orchestrator[] = [];
  const workers: { service: 'executor' | 'model'; process: Process }[] = [];
  let crashes = 0;
  let isRough = true;

  const spawn = (kind: Spawn): void => {
    if (kind === 'orchestrator') orchestrators.push(startOrchestrator(world));
    else workers.push({ service: kind, process: startWorker(world, kind) });
  };

  const crash = (kind: Spawn): void => {
    const alive = (kind === 'orchestrator' ? orchestrators.map(({ process }) => process) : workers.filter(({ service }) => service === kind).map(({ process }) => process)).filter((process) => process.isAlive);
    if (alive.length === 0) return;
    const process = random.pick(alive);
    process.isAlive = false;
    crashes += 1;
    scheduler.trace(`${process.name} is killed`);
    scheduler.at(random.between(50, 3_000), 'restart', null, () => spawn(kind));
  };

  const freeze = (): void => {
    const process = random.pick([...orchestrators.map((each) => each.process), ...workers.map((each) => each.process)]);
    process.frozenUntil = scheduler.nowMs() + random.between(200, 7_000);
    scheduler.at(process.frozenUntil - scheduler.nowMs() + 1, 'wake', null, network.wake);
    scheduler.trace(`${process.name} stands still until ${process.frozenUntil}`);
  };

  const bus = createBusDisasters(world, () => isRough);

  const plan = (least: number, most: number, task: () => void): void => {
    for (let count = random.between(least, most); count > 0; count -= 1) scheduler.at(random.between(0, roughForMs), 'disaster', null, () => void (isRough && task()));
  };

  return {
    roughForMs,
    orchestrators: () => orchestrators.filter(({ process }) => process.isAlive && process.frozenUntil <= scheduler.nowMs()),
    crashes: () => crashes,
    lostBus: bus.wasLost,
    begin: () => {
      const how = random.next();
      scheduler.faults = { lost: random.next() * 0.08 * how, doneButError: random.next() * 0.08 * how, sentTwice: random.next() * 0.06 * how, slow: random.next() * 0.1 * how };
      for (let count = random.between(1, 3); count > 0; count -= 1) spawn('orchestrator');
      for (let count = random.between(1, 2); count > 0; count -= 1) spawn('executor');
      spawn('model');
      plan(0, 3, () => crash('orchestrator'));
      plan(0, 3, () => crash(random.pick(['executor', 'model'])));
      plan(0, 2, freeze);
      if (random.chance(0.4)) plan(1, 2, bus.lose);
      if (random.chance(0.3)) plan(1, 1, bus.outage);
    },
    heal: () => {
      isRough = false;
      scheduler.trace('quiet from here on');
      if (!network.broker.isUp) network.comeBack();
      for (const { process } of [...orchestrators, ...workers]) process.frozenUntil = Math.min(process.frozenUntil, scheduler.nowMs());
      network.wake();
      if (!orchestrators.some(({ process }) => process.isAlive)) spawn('orchestrator');
      for (const service of ['executor', 'model'] as const) if (!workers.some((each) => each.service === service && each.process.isAlive)) spawn(service);
    },
  };
}

function createBusDisasters({ scheduler, network }: World, isRough: () => boolean): { lose: () => void; outage: () => void; wasLost: () => boolean } {
  const { random } = scheduler;
  let wasLost = false;
  return {
    wasLost: () => wasLost,
    lose: () => {
      const goBack = random.chance(0.5) ? network.broker.snapshot() : network.broker.wipe;
      scheduler.at(random.between(0, 2_000), 'bus goes', null, () => {
        if (!isRough()) return;
        wasLost = true;
        network.goDown();
        goBack();
        scheduler.trace(goBack === network.broker.wipe ? 'the bus loses everything' : 'the bus goes back to what it was');
        scheduler.at(random.between(10, 800), 'bus returns', null, network.comeBack);
      });
    },
    outage: () => {
      network.goDown();
      scheduler.trace('the bus is away');
      scheduler.at(random.between(10, 2_500), 'bus returns', null, network.comeBack);
    },
  };
}
