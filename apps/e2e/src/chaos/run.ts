import { until } from '@trivet/testing';
import { audit, type Audit } from './auditor.js';
import { faultsNamed } from './faults/table.js';
import type { Fault } from './faults/fault.js';
import { pause } from './faults/fault.js';
import { startLoad, type Load } from './load.js';
import { formatSchedule, scheduleFaults, type PlannedFault } from './schedule.js';
import { safeguardNamed } from './safeguards.js';
import { REFUSED_ONCE } from './target.js';
import { allProcesses, createWorld, type World } from './world.js';

export interface ChaosOptions {
  seconds: number;
  seed: number;
  /** Names of faults; absent: all of them; `none`: none. */
  faults?: readonly string[];
  /** The name of a safeguard to do without: the run has to fail. */
  without?: string;
  say: (line: string) => void;
}

export interface ChaosReport extends Audit {
  seed: number;
  seconds: number;
  /** How often each fault happened. */
  faults: Record<string, number>;
  /** Faults that cannot be had here, and why. */
  skipped: { name: string; reason: string }[];
  executions: number;
  /** Executions beyond the first of each effect: deliveries are at least once. */
  repeated: number;
  reconnects: number;
  /** What no invariant is about, and yet must not be. */
  mishaps: string[];
  logs: string;
}

/** After the last fault everything has to come to its end within this time. */
const PATIENCE_MS = 45_000;

/** Load and faults for a time; then all is left alone, and every invariant is checked of every workflow. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seconds, seed, say } = options;
  const safeguard = options.without === undefined ? undefined : safeguardNamed(options.without);
  const wanted = faultsNamed(options.faults ?? safeguard?.faults);
  const world = await createWorld({
    replicas: { orchestrator: 2, executor: 2, model: 2 },
    seed,
    ...(safeguard?.alterations ? { alterations: safeguard.alterations } : {}),
    ...(safeguard?.appendfsync ? { appendfsync: safeguard.appendfsync } : {}),
    environment: Object.assign({}, ...wanted.map((fault) => fault.environment ?? {}), safeguard?.appendfsync ? { TRIVET_DURABILITY: 'relaxed' } : {}),
    ...(safeguard?.fsyncDelayMs ? { fsyncDelayMs: safeguard.fsyncDelayMs } : {}),
  });
  try {
    const skipped = wanted.flatMap((fault) => {
      const reason = fault.unavailable?.(world) ?? null;
      return reason === null ? [] : [{ name: fault.name, reason }];
    });
    for (const { name, reason } of skipped) say(`skipped: ${name}: ${reason}`);
    const faults = wanted.filter((fault) => !skipped.some(({ name }) => name === fault.name));
    const schedule = scheduleFaults({ seed, seconds, faults });
    say('faults, in seconds:');
    for (const line of formatSchedule(schedule)) say(line);

    const load = startLoad(world.urls, { seconds, seed, lanes: [2, 12], timers: seconds >= 15 ? 1_000 : 0 });
    const progress = tellProgress(load, say);
    const { faults: happened, mishaps } = await carryOut(world, schedule, faults, seconds * 1_000);
    await load.done;
    clearInterval(progress);
    say(`${load.submitted.length} workflows accepted; now all is left alone`);
    const audited = await audit({ world, submitted: load.submitted, patienceMs: PATIENCE_MS, say });
    load.stop();
    return { ...audited, seed, seconds, faults: countByName(happened), skipped, mishaps: [...mishaps, ...load.refusals], logs: world.stack.logs(), ...figuresOf(world, load) };
  } finally {
    await world.stop();
  }
}

interface CarriedOut {
  faults: PlannedFault[];
  mishaps: string[];
}

/**
 * Both tracks at their times, or later where too little of the system is up by then: on a slow machine, killing what has
 * not even started tests nothing. What is late for the end is left out.
 */
async function carryOut(world: World, schedule: readonly PlannedFault[], faults: readonly Fault[], endMs: number): Promise<CarriedOut> {
  const startedAt = performance.now();
  const done: CarriedOut = { faults: [], mishaps: [] };
  const byName = new Map(faults.map((fault) => [fault.name, fault]));
  const track = async (name: Fault['track']): Promise<void> => {
    for (const planned of schedule) {
      const fault = byName.get(planned.name);
      if (fault?.track !== name) continue;
      await pause(Math.max(0, startedAt + planned.atMs - performance.now()));
      await untilEnoughIsUp(world, name);
      if (performance.now() - startedAt + planned.lastsMs > endMs) return;
      done.faults.push(planned);
      await fault.run(world, planned).catch((error: unknown) => done.mishaps.push(`the fault ${planned.name} at ${planned.atMs} ms could not be carried out: ${String(error)}`));
    }
  };
  await Promise.all([track('processes'), track('surroundings')]);
  return done;
}

const MOST_DOWN = 2;
const UP_WITHIN_MS = 20_000;

/** For a fault of a process: all but two are up; for one around them: one of each service. */
async function untilEnoughIsUp({ stack }: World, track: Fault['track']): Promise<void> {
  const isEnough = (): boolean => {
    const processes = allProcesses(stack);
    const up = processes.filter(({ isReady }) => isReady);
    return track === 'processes' ? processes.length - up.length <= MOST_DOWN : new Set(up.map(({ service }) => service)).size === new Set(processes.map(({ service }) => service)).size;
  };
  await until(isEnough, UP_WITHIN_MS).catch(() => undefined);
}

const PROGRESS_MS = 5_000;

function tellProgress(load: Load, say: (line: string) => void): NodeJS.Timeout {
  const startedAt = performance.now();
  return setInterval(() => say(`${Math.round((performance.now() - startedAt) / 1_000)} s: ${load.submitted.length} workflows accepted`), PROGRESS_MS);
}

function countByName(schedule: readonly PlannedFault[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { name } of schedule) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function figuresOf({ target }: World, load: Load): { executions: number; repeated: number; reconnects: number } {
  const { executions } = target;
  const keys = new Set(executions.map(({ key }) => key));
  const asked = keys.size + [...keys].filter((key) => key.endsWith(REFUSED_ONCE)).length;
  return { executions: executions.length, repeated: executions.length - asked, reconnects: load.submitted.reduce((total, { watched }) => total + watched.reconnects, 0) };
}
