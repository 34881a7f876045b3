import { FailureError, ScheduleBody, parseOrFail, type Page, type Schedule, type TaskAccepted } from '@trivet/contracts';
import type { LedgerClock, ScheduleStore, StoredSchedule } from '@trivet/state';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Intake } from '../intake/intake.js';
import type { PlanTask } from '../planning/plan-task.js';
import { newWorkflowId } from '../intake/workflow-id.js';
import { runId } from './ticker.js';
import { checkTimes, nextAfter, nextTimes } from './times.js';

/** What operators do with schedules. Another tenant's schedule is not found. */
export interface Schedules {
  create: (tenant: string, body: unknown, actor: string) => Promise<Schedule>;
  replace: (tenant: string, id: string, body: unknown, actor: string) => Promise<Schedule>;
  get: (tenant: string, id: string) => Promise<Schedule>;
  list: (tenant: string, options: { limit: number; cursor?: string }) => Promise<Page<Schedule>>;
  remove: (tenant: string, id: string, actor: string) => Promise<void>;
  pause: (tenant: string, id: string, actor: string) => Promise<Schedule>;
  resume: (tenant: string, id: string, actor: string) => Promise<Schedule>;
  /** Starts a run now, beside its times. */
  trigger: (tenant: string, id: string, actor: string) => Promise<TaskAccepted>;
  next: (tenant: string, id: string, count: number) => Promise<string[]>;
}

export interface ScheduleParts {
  store: ScheduleStore;
  intake: Pick<Intake, 'submit'>;
  planTask: PlanTask;
  clock: LedgerClock;
  audit: AuditTrail;
  /** Keeps a schedule also where it outlives Redis; null: it was removed. */
  journal: (tenant: string, id: string, schedule: Schedule | null) => Promise<void>;
}

const MOST_TRIES = 20;

export function createSchedules({ store, intake, planTask, clock, audit, journal }: ScheduleParts): Schedules {
  async function require(tenant: string, id: string): Promise<StoredSchedule> {
    const stored = await store.get(tenant, id);
    if (!stored) throw new FailureError('not_found', `There is no schedule ${JSON.stringify(id.slice(0, 80))}.`, { hint: 'See GET /api/v1/schedules for what there is.' });
    return stored;
  }

  async function read(tenant: string, given: unknown): Promise<{ id: string | undefined; reason: { reason?: string }; made: Omit<Schedule, 'id' | 'createdAt' | 'lastAt' | 'lastWorkflowId' | 'runs'> }> {
    const body = parseOrFail(ScheduleBody, given, 'the schedule');
    const nowMs = clock.nowMs();
    checkTimes(body, nowMs);
    // A task that could never run is refused now, not at its first time.
    await planTask(body.task, { tenant });
    const { id, cron = null, at = null, timeZone, task, overlap, catchUp, paused } = body;
    return { id, reason: body.reason === undefined ? {} : { reason: body.reason }, made: { tenant, cron, at, timeZone, task, overlap, catchUp, paused, nextAt: paused ? null : isoOf(nextAfter({ cron, at, timeZone }, nowMs)) } };
  }

  /** Changes a schedule, over the ticks that may change it at the same time. */
  async function change(tenant: string, id: string, by: { action: string; actor: string; reason?: string }, to: (schedule: Schedule) => Schedule): Promise<Schedule> {
    for (let attempt = 0; attempt < MOST_TRIES; attempt += 1) {
      const { schedule, version } = await require(tenant, id);
      const next = to(schedule);
      if (!(await store.put(next, version))) continue;
      await journal(tenant, id, next);
      await audit.record({ tenant, ...by, target: `schedule/${id}`, workflowId: null, detail: next.cron ?? next.at ?? '' });
      return next;
    }
    throw new FailureError('unavailable', `The schedule ${id} changed ${MOST_TRIES} times while it was to be changed.`);
  }

  return {
    create: async (tenant, given, actor) => {
      const { id = newWorkflowId(), reason, made } = await read(tenant, given);
      const schedule: Schedule = { id, ...made, createdAt: new Date(clock.nowMs()).toISOString(), lastAt: null, lastWorkflowId: null, runs: [] };
      if (!(await store.put(schedule, 0))) throw new FailureError('state_conflict', `A schedule ${id} exists already.`, { hint: 'Replace it with PUT, or choose another id.' });
      await journal(tenant, id, schedule);
      await audit.record({ tenant, actor, action: 'schedule.create', target: `schedule/${id}`, workflowId: null, detail: schedule.cron ?? schedule.at ?? '', ...reason });
      return schedule;
    },
    replace: async (tenant, id, given, actor) => {
      const { reason, made } = await read(tenant, given);
      return change(tenant, id, { action: 'schedule.replace', actor, ...reason }, (schedule) => ({ ...schedule, ...made }));
    },
    get: async (tenant, id) => (await require(tenant, id)).schedule,
    list: async (tenant, { limit, cursor = '' }) => {
      const rest = (await store.list(tenant)).filter((schedule) => schedule.id > cursor);
      return { items: rest.slice(0, limit), nextCursor: rest.length > limit ? (rest[limit - 1]?.id ?? null) : null };
    },
    remove: async (tenant, id, actor) => {
      if (!(await store.remove(tenant, id))) await require(tenant, id);
      await journal(tenant, id, null);
      await audit.record({ tenant, actor, action: 'schedule.delete', target: `schedule/${id}`, workflowId: null, detail: '' });
    },
    pause: (tenant, id, actor) => change(tenant, id, { action: 'schedule.pause', actor }, (schedule) => ({ ...requirePaused(schedule, false), paused: true, nextAt: null })),
    // Times that passed while it was paused were not wanted.
    resume: (tenant, id, actor) => change(tenant, id, { action: 'schedule.resume', actor }, (schedule) => ({ ...requirePaused(schedule, true), paused: false, nextAt: isoOf(nextAfter(schedule, clock.nowMs())) })),
    trigger: async (tenant, id, actor) => {
      const { schedule } = await require(tenant, id);
      const accepted = await intake.submit({ tenant, body: { ...schedule.task, workflowId: runId(id, clock.nowMs()) }, source: 'schedule', actor });
      await audit.record({ tenant, actor, action: 'schedule.trigger', target: `schedule/${id}`, workflowId: accepted.workflowId, detail: '' });
      return accepted;
    },
    next: async (tenant, id, count) => nextTimes((await require(tenant, id)).schedule, clock.nowMs(), count),
  };
}

/** Of two who pause at once, one is told that it is paused already. */
function requirePaused(schedule: Schedule, paused: boolean): Schedule {
  if (schedule.paused !== paused) throw new FailureError('state_conflict', `The schedule ${schedule.id} is ${schedule.paused ? 'paused already' : 'not paused'}.`);
  return schedule;
}

const isoOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
