import type { ChildProcess } from 'node:child_process';
import { Duplex } from 'node:stream';
import { FRAME, FrameReader, encodeFrame, type Frame } from './frames.js';
import { launchSlot, type Launch } from './launch.js';
import { cpuMs, residentBytes } from './process-figures.js';
import type { CallHeader } from './slot/messages.js';

/** What a slot tells the pool. */
export interface SlotEvents {
  ready(): void;
  frame(frame: Frame): void;
  /** It sent what our program never sends; it must not live on. */
  broke(reason: string): void;
  exit(code: number | null, signal: NodeJS.Signals | null): void;
}

/** Frames longer than this can only come from a process that no longer does what we wrote. */
const MAX_FRAME_BYTES = 20 * 1_048_576;
const STDERR_KEPT_BYTES = 4096;
/** One less than a slot keeps, so that the two never disagree about what it has. */
const MAX_MODULES = 31;

/** The pool's side of one sandbox process. */
export class Slot {
  /** Who its calls belong to; null until the first. A process never serves two owners. */
  owner: string | null = null;
  calls = 0;
  ready = false;
  retired = false;
  /** Resident memory at rest, before its first call. */
  restingBytes = 0;
  private readonly process: ChildProcess;
  private readonly pipe: Duplex;
  private readonly modules: string[] = [];
  private readonly bootDeadline: NodeJS.Timeout;
  private killed = false;
  private stderr = '';
  private lastLook: { calls: number; ms: number | null } = { calls: 0, ms: null };

  constructor(launch: Launch, events: SlotEvents, bootTimeoutMs: number) {
    this.process = launchSlot(launch);
    this.bootDeadline = setTimeout(() => this.kill(), bootTimeoutMs);
    const pipe = this.process.stdio[3];
    if (!(pipe instanceof Duplex)) throw new Error('A sandbox process could not be started: it has no pipe.');
    this.pipe = pipe;
    this.listen(events);
  }

  /** 0 when the process could not even be started. */
  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** The last lines the process wrote to stderr: what V8 says before it aborts. */
  get lastWords(): string {
    return this.stderr;
  }

  /** CPU time since this was asked last, in ms; 0 when it had a call in between. */
  idleCpuMs(): number {
    const { calls, ms } = this.lastLook;
    this.lastLook = { calls: this.calls, ms: cpuMs(this.pid) };
    return calls === this.calls && ms !== null ? (this.lastLook.ms ?? ms) - ms : 0;
  }

  hasModule(digest: string): boolean {
    return this.modules.includes(digest);
  }

  sendModule(digest: string, bytes: Uint8Array): void {
    if (this.hasModule(digest)) return;
    this.modules.push(digest);
    if (this.modules.length > MAX_MODULES) this.retired = true;
    this.pipe.write(encodeFrame(FRAME.module, { digest }, bytes));
  }

  sendCall(header: CallHeader, input: Uint8Array): void {
    this.calls += 1;
    this.pipe.write(encodeFrame(FRAME.call, header, input));
  }

  sendReply(reply: Uint8Array): void {
    this.pipe.write(encodeFrame(FRAME.reply, {}, reply));
  }

  /** What was sent to the process and not yet read by it. */
  get unreadBytes(): number {
    return this.pipe.writableLength;
  }

  sendProbe(pages: number): void {
    this.pipe.write(encodeFrame(FRAME.probe, { pages }));
  }

  kill(): void {
    this.retired = true;
    this.killed = true;
    this.process.kill('SIGKILL');
  }

  private listen(events: SlotEvents): void {
    const reader = new FrameReader(MAX_FRAME_BYTES);
    this.pipe.on('data', (chunk: Buffer) => {
      // Whatever a process says that is being ended, nobody listens any more.
      if (this.killed || (this.retired && !this.ready)) return;
      try {
        const frame = reader.push(chunk);
        if (frame) this.receive(frame, events);
      } catch (error) {
        events.broke(error instanceof Error ? error.message : String(error));
        this.kill();
      }
    });
    this.pipe.on('error', () => undefined);
    this.process.stderr?.on('data', (chunk: Buffer) => (this.stderr = (this.stderr + chunk.toString('latin1')).slice(-STDERR_KEPT_BYTES)));
    this.process.stderr?.on('error', () => undefined);
    let over = false;
    const exit = (code: number | null, signal: NodeJS.Signals | null): void => {
      clearTimeout(this.bootDeadline);
      if (!over) events.exit(code, signal);
      over = true;
    };
    this.process.on('error', () => exit(null, null));
    this.process.on('exit', exit);
  }

  private receive(frame: Frame, events: SlotEvents): void {
    if (this.ready) return events.frame(frame);
    if (frame.type !== FRAME.ready) throw new Error(`it sent a frame of type ${frame.type} before it was ready`);
    this.ready = true;
    clearTimeout(this.bootDeadline);
    this.restingBytes = residentBytes(this.pid) ?? 0;
    events.ready();
  }
}
