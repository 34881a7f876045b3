import { FailureError, type Schedule, type ScheduleRun } from '@trivet/contracts';
import type { ScheduleStore, StoredSchedule } from '@trivet/state';
import type { Controls } from '../control/controls.js';
import type { Intake } from '../intake/intake.js';
import type { Runner } from '../runner/runner.js';
import { hasEnded } from '../workflow/state.js';
import { turnOf } from './turn.js';

const TICK_MS = 200;
const MOST_A_TICK = 50;
/** A time that another orchestrator looks at stays away this long: should that one die, the next takes it. */
const HIDE_MS = 2_000;
const MOST_RUNS = 20;

export interface TickerParts {
  store: ScheduleStore;
  intake: Pick<Intake, 'submit'>;
  runner: Pick<Runner, 'read'>;
  controls: Pick<Controls, 'cancel'>;
  onError: (error: unknown) => void;
}

/**
 * Starts what is due. Any number of orchestrators may tick: the id of each run is made from its schedule and time, so that a
 * second start finds the first, and the schedule moves on by a compare-and-set only after its run was accepted.
 */
export function startTicker(parts: TickerParts): { stop: () => Promise<void> } {
  let stopped = false;
  let running: Promise<void> | null = null;

  async function tick(): Promise<void> {
    const { nowMs, due } = await parts.store.due(MOST_A_TICK, HIDE_MS);
    await Promise.all(due.map(({ tenant, id }) => look(parts, tenant, id, nowMs).catch(parts.onError)));
  }

  const timer = setInterval(() => {
    if (stopped || running) return;
    running = tick().catch(parts.onError).finally(() => (running = null));
  }, TICK_MS);

  return {
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}

async function look(parts: TickerParts, tenant: string, id: string, nowMs: number): Promise<void> {
  const stored = await parts.store.get(tenant, id);
  if (!stored || stored.schedule.paused) return;
  const { schedule } = stored;
  const { startAt, nextAt } = turnOf(schedule, nowMs);
  if (startAt === null) return void (await moveOn(parts, stored, nextAt, null));
  const free = await makeRoom(parts, schedule);
  if (free === 'wait') return;
  const run = free === 'skip' ? skipped(startAt, schedule) : await start(parts, schedule, startAt);
  await moveOn(parts, stored, nextAt, run);
}

/** Whether the run before lets this one begin. A queued time stays due until it does. */
async function makeRoom({ runner, controls }: TickerParts, schedule: Schedule): Promise<'start' | 'skip' | 'wait'> {
  const { lastWorkflowId, tenant, overlap, id } = schedule;
  if (lastWorkflowId === null || overlap === 'allow') return 'start';
  const ref = { tenant, workflowId: lastWorkflowId };
  const before = await runner.read(ref);
  if (!before || hasEnded(before)) return 'start';
  if (overlap === 'skip') return 'skip';
  if (overlap === 'queue') return 'wait';
  await controls.cancel(ref, `the next run of the schedule ${id} begins`, `schedule/${id}`).catch((error: unknown) => {
    // It ended by itself a moment ago.
    if (!(error instanceof FailureError) || error.failure.code !== 'state_conflict') throw error;
  });
  return 'start';
}

async function start({ intake }: TickerParts, { id, tenant, task }: Schedule, at: number): Promise<ScheduleRun> {
  const workflowId = runId(id, at);
  try {
    await intake.submit({ tenant, body: { ...task, workflowId }, source: 'schedule', actor: `schedule/${id}` });
    return { at: new Date(at).toISOString(), workflowId, outcome: 'started' };
  } catch (error) {
    // Redis or the bus is away: the time stays due.
    if (!(error instanceof FailureError) || error.failure.code === 'unavailable' || error.failure.code === 'internal') throw error;
    return { at: new Date(at).toISOString(), workflowId: null, outcome: 'failed', detail: error.message };
  }
}

/** `<schedule>-20261124T060000Z`, with ms where the time has some: the same in every orchestrator. */
export function runId(scheduleId: string, at: number): string {
  return `${scheduleId}-${new Date(at).toISOString().replaceAll(/[-:]/g, '').replace('.000', '').replace('.', '_')}`;
}

const skipped = (at: number, { lastWorkflowId }: Schedule): ScheduleRun => ({ at: new Date(at).toISOString(), workflowId: null, outcome: 'skipped', detail: `${lastWorkflowId} has not ended` });

async function moveOn({ store }: TickerParts, { schedule, version }: StoredSchedule, nextAt: number | null, run: ScheduleRun | null): Promise<void> {
  const started = run?.outcome === 'started' ? { lastAt: run.at, lastWorkflowId: run.workflowId } : {};
  const next: Schedule = { ...schedule, ...started, nextAt: nextAt === null ? null : new Date(nextAt).toISOString(), runs: run ? [run, ...schedule.runs].slice(0, MOST_RUNS) : schedule.runs };
  // Refused: another has moved it on, or it was changed meanwhile and is looked at again.
  await store.put(next, version);
}
