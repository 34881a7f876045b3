import type { Bus, Settlement } from '@trivet/bus';
import { CONSUMERS, Plan } from '@trivet/contracts';
import { afterCommit } from '../effects.js';
import { childInputOf, childTask } from '../intake/child-task.js';
import { ResultHandler } from '../intake/result.handler.js';
import { createResults } from '../intake/results.js';
import type { Gatekeeper } from '../policy/gatekeeper.js';
import { createChildren, type ChildrenParts } from '../runner/children.js';
import { startDispatcher } from '../runner/dispatcher.js';
import { startLiveness } from '../runner/liveness.js';
import { beginAccepted, openAndBegin, type BeginParts } from '../runner/open-and-begin.js';
import { startRelay } from '../runner/relay.js';
import { createRunner, type Runner } from '../runner/runner.js';
import { startSweeper } from '../runner/sweeper.js';
import { MACHINE_VERSION } from '../workflow/advance.js';
import { waitsToBegin } from '../workflow/state.js';
import type { Ports } from './memory/ports.js';
import type { Process } from './scheduler.js';
import type { World } from './world.js';

const RESULTS_AT_ONCE = 16;
const STABLE_MS = 3_000;

export interface Orchestrator {
  process: Process;
  runner: Runner;
  begin: BeginParts;
}

/** Nobody is limited here: the lines of limited keys are tested on their own. */
const gatekeeper: Pick<Gatekeeper, 'enter' | 'leave'> = { enter: () => Promise.resolve({ status: 'entered' }), leave: () => Promise.resolve() };

/** An orchestrator with the product's own parts; only what they stand on is simulated. It forgets all it knew when it dies. */
export function startOrchestrator(world: World): Orchestrator {
  const process = world.addProcess('orchestrator');
  const bus = world.network.busFor(process);
  const ports = world.portsOf(process);
  const ledger = { setLimits: () => world.scheduler.call(process, 'set limits', () => undefined), expireCall: () => Promise.resolve() };
  const onError = (error: unknown): void => world.scheduler.trace(`${process.name} reports: ${error instanceof Error ? error.message : String(error)}`);
  const reach = (): void => undefined;
  const clock = { nowMs: () => Date.now(), stop: reach };

  const runner: Runner = createRunner({ ...ports, clock, reach, keepFinishedMs: KEEP_FINISHED_MS, visible, hasRoom: (tier) => machinery.dispatcher.hasRoom(tier), afterCommit: (ref, transition, news, dealt) => afterCommit({ ...machinery, bus, gatekeeper, ledger, accounts: { retire: reach, keep: reach }, onError }, ref, transition, news, dealt) });
  const machinery = startMachinery(world, { process, bus, ports, begin: { runner, ledger, gatekeeper }, runner, onError });
  world.announce(process, 'orchestrator', 0);
  world.scheduler.as(process, () => {
    const results = createResults({ runner, bus, workerId: process.name, ownerOf: (ref) => machinery.relay.ownerOf(ref), keepArtefacts: async (_ref, result) => result });
    const handler = new ResultHandler(results, reach);
    bus.consume({ consumer: CONSUMERS.results, concurrency: () => RESULTS_AT_ONCE, handle: async (delivery) => settlementFrom(await handler.onResult(delivery)) });
  });
  return { process, runner, begin: { runner, ledger, gatekeeper } };
}

/** What its decorator makes of the handler: it never throws, and answers how the message is settled. */
function settlementFrom(answer: unknown): Settlement {
  const settlement = answer as Settlement;
  return settlement;
}

/** Its executors have them all. */
const NO_TOOLS: ReadonlySet<string> = new Set();
/** Longer than any simulated run. */
const KEEP_FINISHED_MS = 7 * 86_400_000;
/** There is nobody here who would fill the journal again. */
const CONTINUITY = { verified: (): Promise<void> => Promise.resolve(), leave: (): Promise<void> => Promise.resolve() };
const visible = (): Promise<void> => Promise.resolve();

interface MachineryParts {
  process: Process;
  bus: Bus;
  ports: Ports;
  runner: Runner;
  begin: BeginParts & { runner: Runner };
  onError: (error: unknown) => void;
}

/** Wired as runner/machinery.ts does it. */
function startMachinery(world: World, { process, bus, ports, runner, begin, onError }: MachineryParts): Pick<Parameters<typeof afterCommit>[0], 'dispatcher' | 'relay' | 'children'> {
  const { queue, claims, journal, store } = ports;
  let made: ReturnType<typeof start> | null = null;
  const start = () => {
    const children = createChildren({ runner, begin: beginChild(ports, begin) });
    const liveness = startLiveness({ bus, presence: world.presenceOf(process), claims, runner, stableMs: STABLE_MS, onError, onSeen: () => Promise.resolve(), onAll: () => Promise.resolve(), onLost: (worker) => world.scheduler.trace(`${process.name} takes ${worker.id} for dead`) });
    const dispatcher = startDispatcher({ bus, queue, weights: () => new Map(), slots: liveness.slots, waiting: liveness.waiting, missingTools: () => NO_TOOLS, visible, incarnation: incarnationOf(bus), reach: () => undefined, onError });
    const relay = startRelay({ bus, journal, store, continuity: CONTINUITY, owner: process.name, peers: () => liveness.workers().flatMap((worker) => (worker.service === 'orchestrator' ? [worker.id] : [])), onError });
    startSweeper({ bus, queue, claims, dispatcher, liveness, runner, begin: (ref) => beginAccepted(begin, ref), children, onError });
    return { children, dispatcher, relay };
  };
  world.scheduler.as(process, () => void (made = start()));
  if (made === null) throw new RangeError('unreachable: the machinery starts at once');
  return made;
}

function incarnationOf(bus: Bus): () => Promise<string> {
  let created: Promise<string> | null = null;
  bus.onReconnect(() => void (created = null));
  const ask = (): Promise<string> =>
    bus.streamState('CALLS').then(
      (state) => state.incarnation,
      (error: unknown) => {
        created = null;
        throw error;
      },
    );
  return () => (created ??= ask());
}

function beginChild(ports: Ports, begin: BeginParts & { runner: Pick<Runner, 'begin'> }): ChildrenParts['begin'] {
  return async (parent, step, childId) => {
    const input = await childInputOf(ports.blobs, step);
    const plan = Plan.parse(input.plan);
    const { ref, data } = childTask({ parent, step, childId }, input, { plan, template: null, templateDigest: null });
    const outcome = await begin.runner.begin(ref, { ...data, machine: MACHINE_VERSION });
    if (outcome.status === 'created' && waitsToBegin(outcome.state)) await openAndBegin(begin, ref, outcome.state);
    return null;
  };
}
