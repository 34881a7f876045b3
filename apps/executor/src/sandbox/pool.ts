import { availableParallelism } from 'node:os';
import type { JsonValue } from '@trivet/contracts';
import { MAX_DEPTH, type Job, type RunOptions, type SandboxTool } from './job.js';
import type { Frame } from './frames.js';
import { planLaunch, type Launch } from './launch.js';
import { DEFAULT_LIMITS, type SandboxLimits } from './limits.js';
import { probeLayers, type SandboxLayer } from './probe-layers.js';
import { Reaper } from './reaper.js';
import { EMPTY_FIGURES, failed, type SandboxResult } from './result.js';
import { RunningCall } from './running-call.js';
import { Slot } from './slot.js';
import { Turns } from './turns.js';

export interface PoolOptions {
  /** How many calls may compute at the same time; default: the cores of the machine. */
  slots?: number;
  /** How many processes there may be, with those whose call waits for its host. */
  maxProcesses?: number;
  limits?: Partial<SandboxLimits>;
  /** The program of its slots; another than ours stands for a slot that has been taken over. */
  slotFile?: string;
}

/** Of so many tenants it is remembered when they were served. */
const MOST_TENANTS = 10_000;
/** An idle slot waits for its pipe. One that takes more of a core than this has something to do that we did not give it. */
const MOST_IDLE_SHARE = 0.03;
const MAX_BOOT_FAILURES = 5;
const BOOT_RETRY_MS = 100;

/** Runs calls in killable processes. Nothing a plugin does reaches this process except by the frames of its pipe. */
export class SandboxPool {
  readonly slots: number;
  private readonly maxProcesses: number;
  private readonly limits: SandboxLimits;
  private readonly launch: Launch;
  private readonly turns: Turns;
  private readonly reaper = new Reaper();
  private readonly idle: Slot[] = [];
  private readonly all = new Set<Slot>();
  private readonly running = new Map<Slot, RunningCall>();
  private queue: Job[] = [];
  private begun = 0;
  private readonly served = new Map<string, number>();
  private readonly timers: NodeJS.Timeout[];
  private bootFailures = 0;
  private closed = false;
  private onEmpty: (() => void) | null = null;

  constructor(options: PoolOptions = {}) {
    this.slots = options.slots ?? availableParallelism();
    // Room for calls that wait for their host, and one process each for the two depths of nested calls.
    this.maxProcesses = Math.max(options.maxProcesses ?? this.slots * 4, this.slots) + MAX_DEPTH;
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.launch = planLaunch(this.limits, options.slotFile);
    this.turns = new Turns(this.slots, () => this.pump());
    this.timers = [setInterval(() => this.watch(), this.limits.watchMs), setInterval(() => this.lookAtIdle(), this.limits.idleLookMs)];
    for (const timer of this.timers) timer.unref();
    for (let index = 0; index < this.slots; index += 1) this.spawn();
  }

  /** Runs one call. Always resolves with a result; throws nothing that a plugin could cause. */
  run(tool: SandboxTool, input: JsonValue, options: RunOptions): Promise<SandboxResult> {
    const depth = options.depth ?? 0;
    if (this.closed) return Promise.resolve(failed('unavailable', 'The sandbox is shutting down.', undefined, EMPTY_FIGURES));
    if (depth > MAX_DEPTH) return Promise.resolve(failed('tool_host_denied', `Tool ${tool.name} was called at depth ${depth}; tools may call tools to a depth of ${MAX_DEPTH}.`, { value: depth, limit: MAX_DEPTH }, EMPTY_FIGURES));
    return new Promise((resolve) => {
      const owner = tool.isolation === 'shared' ? 'shared' : `tenant:${options.tenant}`;
      const forget = (): void => this.cancelQueued(job);
      const settle = (result: SandboxResult): void => {
        options.signal?.removeEventListener('abort', forget);
        resolve(result);
      };
      const job: Job = { tool, input: Buffer.from(JSON.stringify(input)), options, depth, owner, settle };
      this.queue.push(job);
      options.signal?.addEventListener('abort', forget, { once: true });
      if (options.signal?.aborted) forget();
      else this.pump();
    });
  }

  /** Which layers of containment hold on this machine, found by trying to break each from inside a slot. */
  probeLayers(): Promise<SandboxLayer[]> {
    return probeLayers(this.launch, this.limits);
  }

  figures(): { slots: number; processes: number; busy: number; waiting: number; queued: number } {
    return { slots: this.slots, processes: this.all.size, busy: this.running.size, waiting: this.running.size - this.turns.inUse, queued: this.queue.length };
  }

  /** Calls of the orchestrator that have not begun, since no slot was free. */
  queuedCalls(): string[] {
    return this.queue.flatMap(({ depth, options: { callId } }) => (depth === 0 && callId !== undefined ? [callId] : []));
  }

  /** The ids of the slot processes, for whoever watches the machine. */
  pids(): number[] {
    return [...this.all].map(({ pid }) => pid);
  }

  /** Ends everything; calls under way fail with `unavailable`. Resolves when no process is left. */
  async close(): Promise<void> {
    if (!this.closed) {
      this.closed = true;
      for (const timer of this.timers) clearInterval(timer);
      for (const job of this.queue.splice(0)) job.settle(failed('unavailable', 'The sandbox is shutting down.', undefined, EMPTY_FIGURES));
      for (const call of this.running.values()) call.condemn({ code: 'unavailable', message: 'The sandbox is shutting down.' });
      for (const slot of this.all) slot.kill();
    }
    if (this.all.size > 0) await new Promise<void>((resolve) => (this.onEmpty = resolve));
    await this.reaper.close();
  }

  private cancelQueued(job: Job): void {
    if (!this.queue.includes(job)) return;
    this.queue = this.queue.filter((other) => other !== job);
    job.settle(failed('cancelled', `The call of tool ${job.tool.name} was cancelled before it began.`, undefined, EMPTY_FIGURES));
  }

  /** When the tenant of a job was served last, counted in jobs: none waits behind many of another's. */
  private servedAt({ options: { tenant } }: Job): number {
    return this.served.get(tenant) ?? 0;
  }

  /** Starts what can be started: nested calls first, since somebody waits for them in a slot; then whose tenant was served longest ago. */
  private pump(): void {
    let booting = [...this.all].filter((slot) => !slot.ready && !slot.retired).length;
    let wanted = this.turns.free;
    for (const job of [...this.queue].sort((left, right) => right.depth - left.depth || this.servedAt(left) - this.servedAt(right))) {
      if (wanted <= 0 || this.closed) return;
      if (this.running.size >= this.maxProcesses - (MAX_DEPTH - job.depth)) continue;
      wanted -= 1;
      const slot = this.pickIdle(job.owner);
      if (slot) this.start(slot, job);
      else if (booting > 0) booting -= 1;
      else this.makeRoom();
    }
  }

  private pickIdle(owner: string): Slot | undefined {
    const index = [owner, null].map((wanted) => this.idle.findIndex((slot) => slot.owner === wanted && !slot.retired)).find((found) => found >= 0);
    return index === undefined ? undefined : this.idle.splice(index, 1)[0];
  }

  /** No process may serve this call: start one, in the place of an idle one of another owner if there are too many. */
  private makeRoom(): void {
    if (this.all.size < this.maxProcesses) this.spawn();
    else if (![...this.all].some(({ retired }) => retired)) this.idle.shift()?.kill();
  }

  private start(slot: Slot, job: Job): void {
    this.queue = this.queue.filter((other) => other !== job);
    this.begun += 1;
    if (this.served.size >= MOST_TENANTS) this.served.clear();
    this.served.set(job.options.tenant, this.begun);
    const fresh = slot.owner === null;
    slot.owner = job.owner;
    this.turns.take();
    this.running.set(slot, new RunningCall(job, slot, this.turns, (result) => this.release(slot, job, result)));
    // The next tenant should not have to wait for a process to boot.
    if (fresh && job.tool.isolation === 'tenant' && this.all.size < this.maxProcesses && !this.idle.some(({ owner }) => owner === null)) this.spawn();
  }

  private release(slot: Slot, job: Job, result: SandboxResult): void {
    const call = this.running.get(slot);
    this.running.delete(slot);
    const limit = slot.owner === 'shared' ? this.limits.callsPerSharedProcess : this.limits.callsPerTenantProcess;
    if (slot.calls >= limit) slot.retired = true;
    if (slot.retired) slot.kill();
    else this.idle.push(slot);
    job.settle(result);
    // After the slot is idle again: whoever gets the turn can then have the slot, too.
    call?.giveTurn();
    this.pump();
  }

  private spawn(): void {
    let slot: Slot | null = null;
    try {
      slot = new Slot(this.launch, {
        ready: () => slot && this.booted(slot),
        frame: (frame) => slot && this.received(slot, frame),
        broke: (reason) => slot && this.running.get(slot)?.breakProtocol(reason),
        exit: (code, signal) => slot && this.exited(slot, code, signal),
      }, this.limits.bootTimeoutMs);
    } catch (error) {
      // No process, or no pipe to it: this machine has no descriptors left.
      return this.bootFailed(error instanceof Error ? error.message : String(error));
    }
    this.all.add(slot);
    if (slot.pid > 0) this.reaper.add(slot.pid);
  }

  /** A slot without a call has nothing to say: what it sends could only be meant for the next call. */
  private received(slot: Slot, frame: Frame): void {
    const call = this.running.get(slot);
    if (call) call.receive(frame);
    else slot.kill();
  }

  private booted(slot: Slot): void {
    this.bootFailures = 0;
    if (this.closed) return slot.kill();
    this.idle.push(slot);
    this.pump();
  }

  private exited(slot: Slot, code: number | null, signal: NodeJS.Signals | null): void {
    slot.retired = true;
    this.all.delete(slot);
    this.reaper.drop(slot.pid);
    const at = this.idle.indexOf(slot);
    if (at >= 0) this.idle.splice(at, 1);
    this.running.get(slot)?.exited(code, signal);
    if (this.closed) {
      if (this.all.size === 0) this.onEmpty?.();
      return;
    }
    if (!slot.ready) this.bootFailed(slot.lastWords);
    else if (this.all.size < this.slots || this.queue.length > 0) this.respawn();
  }

  private respawn(): void {
    if (this.all.size < this.slots) this.spawn();
    this.pump();
  }

  /** A slot that cannot even boot would otherwise be started again and again, for ever. */
  private bootFailed(words: string): void {
    this.bootFailures += 1;
    if (this.bootFailures < MAX_BOOT_FAILURES) {
      setTimeout(() => !this.closed && this.respawn(), BOOT_RETRY_MS * this.bootFailures).unref();
      return;
    }
    const said = words.trim().split('\n').at(-1) ?? '';
    for (const job of this.queue.splice(0)) job.settle(failed('unavailable', `A sandbox process could not be started ${this.bootFailures} times in a row${said ? `: ${said}` : ''}.`, undefined, EMPTY_FIGURES));
    setTimeout(() => !this.closed && this.respawn(), BOOT_RETRY_MS * MAX_BOOT_FAILURES).unref();
  }

  private watch(): void {
    for (const call of this.running.values()) call.watch(this.limits.watchdogSlackMib);
  }

  private lookAtIdle(): void {
    while (this.idle.length > this.slots) this.idle.shift()?.kill();
    for (const slot of this.idle) if (slot.idleCpuMs() > this.limits.idleLookMs * MOST_IDLE_SHARE) slot.kill();
  }
}
