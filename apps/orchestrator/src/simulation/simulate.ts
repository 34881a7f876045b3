import type { WorkflowEvent } from '@trivet/contracts';
import type { WorkflowRef } from '@trivet/state';
import { decodeEvent } from '../runner/codec.js';
import type { WorkflowState } from '../workflow/state.js';
import { createAuditor, ViolationError } from './auditor.js';
import { createDisasters } from './disasters.js';
import { createMemoryLedger } from './memory/ledger.js';
import type { Safeguards } from './memory/safeguards.js';
import { createTables } from './memory/tables.js';
import { createOperator } from './operator.js';
import { createRandom } from './random.js';
import { createScheduler, EPOCH_MS, NO_FAULTS } from './scheduler.js';
import { createWorld, type World } from './world.js';
import { checkAtRest } from './at-rest.js';

export interface SimulationOptions {
  seed: number;
  /** Safeguards to do without, to see that it is noticed. */
  removed?: Safeguards;
  onTrace?: (line: string) => void;
}

export interface SimulationReport {
  seed: number;
  /** What was broken; null when everything held. */
  violation: string | null;
  steps: number;
  virtualMs: number;
  workflows: number;
  events: number;
  crashes: number;
  /** Every workflow with its history, to look at when something was broken. */
  histories: { ref: WorkflowRef; state: WorkflowState; events: WorkflowEvent[] }[];
}

const MOST_STEPS = 200_000;
/** Everything must have come to its end this long after the last fault. */
const HEAL_WITHIN_MS = 240_000;
const LOOK_EVERY_MS = 500;

/** One run of the whole system, decided by its seed in every detail: the same seed gives the same run. */
export async function simulate({ seed, removed = {}, onTrace }: SimulationOptions): Promise<SimulationReport> {
  const random = createRandom(seed);
  const scheduler = createScheduler(random, onTrace ?? null);
  try {
    const ledger = createMemoryLedger(createTables(scheduler.nowMs), removed);
    const auditor = createAuditor(ledger);
    const world = createWorld(scheduler, auditor.watched, auditor);
    const disasters = createDisasters(world);
    const operator = createOperator(world, disasters.orchestrators);
    const violation = await run(world, disasters, operator).then(() => null, (error: unknown) => messageOf(error));
    const histories = auditor.workflows().map(({ ref, state }) => ({ ref, state, events: ledger.readEvents(ref, 0, Infinity).map(decodeEvent) }));
    const events = histories.reduce((total, each) => total + each.events.length, 0);
    return { seed, violation, steps: scheduler.steps(), virtualMs: scheduler.nowMs() - EPOCH_MS, workflows: histories.length, events, crashes: disasters.crashes(), histories };
  } finally {
    scheduler.stop();
  }
}

function messageOf(error: unknown): string {
  if (error instanceof ViolationError) return error.message;
  return `the simulation itself failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

async function run(world: World, disasters: ReturnType<typeof createDisasters>, operator: ReturnType<typeof createOperator>): Promise<void> {
  const { scheduler, auditor } = world;
  disasters.begin();
  operator.begin();
  await runUntil(world, EPOCH_MS + disasters.roughForMs);
  scheduler.faults = NO_FAULTS;
  disasters.heal();
  operator.bringToEnd();
  const deadline = scheduler.nowMs() + HEAL_WITHIN_MS;
  let isDone = false;
  while (!isDone && scheduler.nowMs() < deadline) {
    await runUntil(world, scheduler.nowMs() + LOOK_EVERY_MS);
    isDone = operator.isDone() && checkAtRest(world, disasters.lostBus()) === null;
  }
  if (isDone) return;
  const open = auditor.workflows().filter(({ state }) => !operator.hasEnded(state));
  if (open.length > 0) throw new ViolationError(`${open.map(({ ref, state }) => `${ref.workflowId} (${state.status}: ${[...state.steps.all()].map((step) => `${step.id} ${step.status}`).join(', ')})`).join('; ')} did not end within ${HEAL_WITHIN_MS} ms of quiet`);
  throw new ViolationError(checkAtRest(world, disasters.lostBus()) ?? 'a task was never accepted');
}

async function runUntil({ scheduler, auditor }: World, time: number): Promise<void> {
  while (await scheduler.step(time)) {
    auditor.check();
    if (scheduler.steps() > MOST_STEPS) throw new ViolationError(`it did not come to rest within ${MOST_STEPS} steps`);
  }
  scheduler.skipTo(time);
}
