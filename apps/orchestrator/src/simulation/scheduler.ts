import { FailureError } from '@trivet/contracts';
import type { Random } from './random.js';
import { settled, takeOverTime } from './virtual-time.js';

/** A process of the simulated system. A dead one never goes on from where it waits. */
export interface Process {
  name: string;
  isAlive: boolean;
  /** Until then it stands still, as after SIGSTOP. */
  frozenUntil: number;
  /** What it sent last that must not be overtaken by what it sends next, as on one connection. */
  sentUntil: number;
  /** By how much its own clock is off. */
  skewMs: number;
}

/** How often what goes wrong; all zero once the system has healed. */
export interface Faults {
  /** The caller sees an error, and nothing was done. */
  lost: number;
  /** The caller sees an error, though it was done. */
  doneButError: number;
  /** A broken connection: the client sends it once more, and the caller sees the second answer. */
  sentTwice: number;
  /** It takes long. */
  slow: number;
}

export const NO_FAULTS: Faults = { lost: 0, doneButError: 0, sentTwice: 0, slow: 0 };

/** Decides in which order everything happens. */
export interface Scheduler {
  random: Random;
  nowMs: () => number;
  faults: Faults;
  /** Runs a task after a while, in the name of a process if one is given. */
  at: (delayMs: number, label: string, process: Process | null, task: () => void) => void;
  /** What a process asks of another: it is done at some moment, answered at a later one, or goes wrong in one of four ways. */
  call: <Result>(process: Process, label: string, run: () => Result, options?: { mayRepeat?: boolean; inOrder?: boolean }) => Promise<Result>;
  trace: (line: string) => void;
  isTraced: boolean;
  /** Takes the next step; false when there is none before the given time. */
  step: (until: number) => Promise<boolean>;
  steps: () => number;
  /** Lets time pass when nothing happens. */
  skipTo: (time: number) => void;
  /** Starts something in the name of a process. */
  as: (process: Process, task: () => void) => void;
  stop: () => void;
}

interface Task {
  at: number;
  /** Of two at the same time, chance decides. */
  draw: number;
  label: string;
  process: Process | null;
  run: () => void;
}

/** What happens too often to be told. */
const QUIET: ReadonlySet<string> = new Set(['tick', 'pump', 'ack wait', 'announce', 'help', 'meddle']);

/** What arrives in order arrives at times of its own. */
const ORDER_STEP_MS = 0.001;

/** Where virtual time begins. */
export const EPOCH_MS = 1_750_000_000_000;

export function createScheduler(random: Random, onTrace: ((line: string) => void) | null): Scheduler {
  const queue = createTaskQueue();
  let now = EPOCH_MS;
  let current: Process | null = null;
  let count = 0;

  const trace = (line: string): void => onTrace?.(`${String(now - EPOCH_MS).padStart(6)} ${line}`);
  const at: Scheduler['at'] = (delayMs, label, process, run) => queue.add({ at: now + Math.max(0, Math.round(delayMs)), draw: random.next(), label, process, run });

  const start = (task: () => void, delayMs: number, repeats: boolean): (() => void) | null => {
    const process = current;
    if (!process) return null;
    let isStopped = false;
    const fire = (): void => {
      if (isStopped) return;
      if (repeats) at(Math.max(1, delayMs), 'tick', process, fire);
      task();
    };
    at(Math.max(1, delayMs), 'tick', process, fire);
    return () => void (isStopped = true);
  };
  const restore = takeOverTime({ nowMs: () => now + (current?.skewMs ?? 0), steadyMs: () => now - EPOCH_MS + 1, random: random.next, start });

  const scheduler: Scheduler = {
    random,
    nowMs: () => now,
    faults: NO_FAULTS,
    at,
    trace,
    isTraced: onTrace !== null,
    call: (process, label, run, options = {}) => call(scheduler, { process, label, run, options, addAt: (time, task) => queue.add({ at: time, draw: random.next(), label, process: null, run: task }) }),
    step: async (until) => {
      const task = queue.next(until);
      if (!task) return false;
      now = Math.max(now, Math.floor(task.at));
      const { process } = task;
      if (process && !process.isAlive) return true;
      if (process && process.frozenUntil > now) {
        at(process.frozenUntil - now, task.label, process, task.run);
        return true;
      }
      count += 1;
      current = process;
      if (!QUIET.has(task.label)) trace(`· ${process?.name ?? 'done'} ${task.label}`);
      task.run();
      await settled();
      current = null;
      return true;
    },
    steps: () => count,
    skipTo: (time) => void (now = Math.max(now, time)),
    as: (process, task) => {
      const before = current;
      current = process;
      task();
      current = before;
    },
    stop: restore,
  };
  return scheduler;
}

interface Call<Result> {
  process: Process;
  label: string;
  run: () => Result;
  options: { mayRepeat?: boolean; inOrder?: boolean };
  addAt: (time: number, task: () => void) => void;
}

function call<Result>(scheduler: Scheduler, { process, label, run, options, addAt }: Call<Result>): Promise<Result> {
  const { random, at, trace, faults } = scheduler;
  return new Promise((resolve, reject) => {
    const fault = faultOf(random, faults, options.mayRepeat ?? false);
    const latency = (): number => (random.chance(scheduler.faults.slow) ? random.between(10, 1_500) : random.between(0, 2));
    const refuse = (error: unknown): void => at(latency(), label, process, () => reject(error));
    const fail = (): void => reject(new FailureError('unavailable', `${label} went wrong (${fault})`));
    if (fault !== 'none') trace(`${process.name} ${label}: ${fault}`);
    if (fault === 'lost') return at(latency(), label, process, fail);
    const arrival = Math.max(scheduler.nowMs() + latency(), options.inOrder ? process.sentUntil + ORDER_STEP_MS : 0);
    if (options.inOrder) process.sentUntil = arrival;
    // Done even if the process that asked dies now: it is on its way.
    addAt(arrival, () => attempt(run, refuse, (first) => {
      if (scheduler.isTraced) trace(`  ${process.name} ${label} gives ${outlineOf(first)}`);
      if (fault === 'done-but-error') return at(latency(), label, process, fail);
      if (fault === 'sent-twice') return at(latency(), label, null, () => attempt(run, refuse, (second) => at(latency(), label, process, () => resolve(second))));
      at(latency(), label, process, () => resolve(first));
    }));
  });
}

/** Enough of an answer to follow what happened. */
const outlineOf = (answer: unknown): string => (JSON.stringify(answer) ?? 'nothing').slice(0, 100);

type Fault = 'none' | 'lost' | 'done-but-error' | 'sent-twice';

function faultOf(random: Random, { lost, doneButError, sentTwice }: Faults, mayRepeat: boolean): Fault {
  const draw = random.next();
  if (draw < lost) return 'lost';
  if (draw < lost + doneButError) return 'done-but-error';
  return mayRepeat && draw < lost + doneButError + sentTwice ? 'sent-twice' : 'none';
}

function attempt<Result>(run: () => Result, reject: (error: unknown) => void, then: (result: Result) => void): void {
  let result: Result;
  try {
    result = run();
  } catch (error) {
    return reject(error);
  }
  then(result);
}

/** A binary heap by time. */
function createTaskQueue(): { add: (task: Task) => void; next: (until: number) => Task | null } {
  const heap: Task[] = [];
  const isBefore = (left: Task | undefined, right: Task | undefined): boolean => left !== undefined && (right === undefined || left.at < right.at || (left.at === right.at && left.draw < right.draw));
  const swap = (one: number, other: number): void => {
    const [first, second] = [heap[one], heap[other]];
    if (first && second) [heap[one], heap[other]] = [second, first];
  };
  return {
    add: (task) => {
      heap.push(task);
      for (let at = heap.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1;
        if (!isBefore(heap[at], heap[parent])) break;
        swap(at, parent);
        at = parent;
      }
    },
    next: (until) => {
      const [first] = heap;
      if (!first || first.at > until) return null;
      const last = heap.pop();
      if (last && heap.length > 0) heap[0] = last;
      for (let at = 0; ; ) {
        const left = 2 * at + 1;
        const smaller = isBefore(heap[left + 1], heap[left]) ? left + 1 : left;
        if (!isBefore(heap[smaller], heap[at])) return first;
        swap(smaller, at);
        at = smaller;
      }
    },
  };
}
