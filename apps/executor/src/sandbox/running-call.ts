import { randomBytes } from 'node:crypto';
import { FAILURE_CODES, FailureError, parseJsonText, type Failure, type FailureCode, type SandboxFigures } from '@trivet/contracts';
import { nonceOf, readDoneHeader } from './done-header.js';
import { FRAME, type Frame } from './frames.js';
import type { HostReply, Job } from './job.js';
import { readOutput } from './output.js';
import { cpuMs, residentBytes } from './process-figures.js';
import { failed, type SandboxResult } from './result.js';
import type { Slot } from './slot.js';
import { HOST_FUNCTIONS, MAX_HOST_PAYLOAD_BYTES, MAX_NOTES, isNote, type HostFunctionName, type SlotFailure } from './slot/messages.js';
import type { Turns } from './turns.js';

/** Written by the interpreter when nobody says what time it is: 14 November 2023. */
const DEFAULT_NOW_MS = 1_700_000_000_000;
const MIB = 1_048_576;
/** A script that took longer is worth more than its snapshot, which takes about 10 ms to make and to go on with. */
const SNAPSHOT_AFTER_CPU_MS = 25;
/** A plugin outside a host call can only compute. With less than this share of the time in CPU, its machine was busy elsewhere. */
const STARVED_CPU_SHARE = 0.25;
/** However starved, no call lives longer than so many times its limit. */
const MAX_STARVED_LIMITS = 3;

interface Verdict {
  code: FailureCode;
  message: string;
  detail?: Failure['detail'];
}

/** One call on one slot, from the moment it gets a turn until its result. Its deadline, memory and host calls are kept here. */
export class RunningCall {
  private readonly startedAt = performance.now();
  private readonly nonce = randomBytes(8).toString('hex');
  private readonly cpuAtStartMs: number;
  private readonly timeoutMs: number;
  private deadline: NodeJS.Timeout;
  private readonly ended = new AbortController();
  private readonly cancel = () => this.condemn({ code: 'cancelled', message: `The call of tool ${this.job.tool.name} was cancelled.` });
  private verdict: Verdict | null = null;
  /** The error the last host call was answered with, where it has a code of the failure table. */
  private hostFailure: Verdict | null = null;
  private holdsTurn = true;
  /** Its host call is not answered yet: until then it has nothing to say. */
  private isAsking = false;
  private hostCalls = 0;
  private hostWaitMs = 0;
  private notes = 0;
  private peakBytes = 0;

  constructor(
    private readonly job: Job,
    private readonly slot: Slot,
    private readonly turns: Turns,
    private readonly onOver: (result: SandboxResult) => void,
  ) {
    const { tool, options, input } = job;
    this.timeoutMs = Math.max(1, Math.min(tool.limits.timeoutMs, options.timeoutMs ?? Infinity));
    this.cpuAtStartMs = cpuMs(slot.pid) ?? 0;
    this.deadline = setTimeout(() => this.reachDeadline(), this.timeoutMs);
    options.signal?.addEventListener('abort', this.cancel, { once: true });
    slot.sendModule(tool.digest, tool.module);
    const { memoryMib, outputKib, hostCalls } = tool.limits;
    const snapshot = options.resumable?.snapshot ?? new Uint8Array(0);
    slot.sendCall({ nonce: this.nonce, digest: tool.digest, tool: tool.name, entry: tool.entry, memoryBytes: memoryMib * MIB, outputBytes: outputKib * 1024, hostCalls, nowMs: options.nowMs ?? DEFAULT_NOW_MS, ...(options.resumable ? { resumable: { snapshotBytes: snapshot.length, snapshotAfterCpuMs: SNAPSHOT_AFTER_CPU_MS } } : {}) }, snapshot.length > 0 ? Buffer.concat([input, snapshot]) : input);
  }

  /** Looks at the memory of the process; ends it when it holds far more than its plugin may. */
  watch(slackMib: number): void {
    const resident = residentBytes(this.slot.pid);
    if (resident === null) return;
    const used = Math.max(0, resident - this.slot.restingBytes);
    this.peakBytes = Math.max(this.peakBytes, used);
    const { name, limits } = this.job.tool;
    if (used <= (limits.memoryMib + slackMib) * MIB) return;
    const valueMib = Math.round(used / MIB);
    this.condemn({ code: 'tool_memory_exceeded', message: `Tool ${name} made its process grow by ${valueMib} MiB; its limit is ${limits.memoryMib} MiB and ${slackMib} MiB of slack.`, detail: { valueMib, limitMib: limits.memoryMib } });
  }

  receive(frame: Frame): void {
    if (this.verdict || this.ended.signal.aborted) return;
    if (this.isAsking) this.breakProtocol('it sent a frame while its host call was not answered');
    else if (this.slot.unreadBytes > MAX_HOST_PAYLOAD_BYTES) this.breakProtocol(`it went on with ${this.slot.unreadBytes} bytes of what it was sent unread`);
    else if (frame.type === FRAME.host) void this.serveHostCall(frame);
    else if (frame.type === FRAME.done) this.finish(frame);
    else this.breakProtocol(`it sent a frame of type ${frame.type}`);
  }

  /** The process did what our program never does: somebody else's word is not worth an answer. */
  breakProtocol(reason: string): void {
    this.condemn({ code: 'tool_crashed', message: `The sandbox process of tool ${this.job.tool.name} broke its protocol and was ended: ${reason}.` });
  }

  /** The process is gone: by our own hand, or by itself. */
  exited(code: number | null, signal: NodeJS.Signals | null): void {
    const verdict = this.verdict ?? this.crashVerdict(code, signal);
    this.over(failed(verdict.code, verdict.message, verdict.detail, this.figures({ wallMs: performance.now() - this.startedAt, peakMemoryBytes: this.peakBytes })));
  }

  /** Ends the process; the call is over when it is gone. The first verdict stands. */
  condemn(verdict: Verdict): void {
    if (this.verdict || this.ended.signal.aborted) return;
    this.verdict = verdict;
    this.watchCpu();
    this.slot.kill();
  }

  /**
   * The limit is of the tool's own time. An answer that is here already counts, though this process was too busy to read it,
   * and what the machine did not give the plugin to compute with is given back, up to the time its caller has.
   */
  private reachDeadline(): void {
    setImmediate(() => {
      if (this.verdict || this.ended.signal.aborted) return;
      const owedMs = this.isAsking ? 0 : this.starvedMs();
      if (owedMs >= 1) this.deadline = setTimeout(() => this.reachDeadline(), owedMs);
      else this.condemn(this.timeoutVerdict());
    });
  }

  /** What the process lacked of the time it should have had, as far as it may still get it. */
  private starvedMs(): number {
    this.watchCpu();
    const wallMs = performance.now() - this.startedAt;
    const computingMs = wallMs - this.hostWaitMs;
    if (this.cpuUsedMs >= computingMs * STARVED_CPU_SHARE) return 0;
    const lastMs = Math.min(this.timeoutMs * MAX_STARVED_LIMITS, this.job.options.timeoutMs ?? Infinity);
    return Math.min(computingMs - this.cpuUsedMs, lastMs - wallMs);
  }

  private cpuUsedMs = 0;
  private watchCpu(): void {
    const now = cpuMs(this.slot.pid);
    if (now !== null) this.cpuUsedMs = Math.max(0, now - this.cpuAtStartMs);
  }

  private async serveHostCall(frame: Frame): Promise<void> {
    const name = HOST_FUNCTIONS.find((known) => known === nameOf(frame.header));
    if (!name) return this.breakProtocol('it asked for a host function that there is not');
    if (frame.payload.length > MAX_HOST_PAYLOAD_BYTES) return this.breakProtocol(`it sent ${frame.payload.length} bytes to ${name}; the limit is ${MAX_HOST_PAYLOAD_BYTES}`);
    if (!this.count(name)) return this.condemn(this.tooManyVerdict(name));
    const quick = isNote(name) || name === 'files';
    if (!quick) this.giveTurn();
    this.isAsking = true;
    const askedAt = performance.now();
    const reply = await this.ask(name, frame.payload);
    if (!quick && !this.ended.signal.aborted) await this.takeTurn();
    this.isAsking = false;
    this.hostWaitMs += performance.now() - askedAt;
    if (this.ended.signal.aborted || this.verdict) return;
    this.hostFailure = 'error' in reply ? failureOf(reply.error) : null;
    this.slot.sendReply(encodeReply(reply));
  }

  private count(name: HostFunctionName): boolean {
    if (isNote(name)) {
      this.notes += 1;
      return this.notes <= MAX_NOTES;
    }
    this.hostCalls += 1;
    return this.hostCalls <= this.job.tool.limits.hostCalls;
  }

  private async ask(name: HostFunctionName, payload: Uint8Array): Promise<HostReply> {
    try {
      return await this.job.options.host(name, parseRequest(name, payload), this.ended.signal);
    } catch (error) {
      if (error instanceof FailureError && error.failure.code === 'invalid_request') return { error: { code: 'invalid_request', message: error.failure.message } };
      return { error: { code: 'internal', message: `The executor failed to answer ${name}.` } };
    }
  }

  /** Lets another call compute; this one must get a turn again before it goes on. */
  giveTurn(): void {
    if (!this.holdsTurn) return;
    this.holdsTurn = false;
    this.turns.give();
  }

  private async takeTurn(): Promise<void> {
    await this.turns.again();
    this.holdsTurn = true;
    if (this.ended.signal.aborted) this.giveTurn();
  }

  private finish(frame: Frame): void {
    if (nonceOf(frame.header) !== this.nonce) return this.breakProtocol('it ended a call that is not the one it was given');
    const header = readDoneHeader(frame.header);
    if (!header) return this.breakProtocol('it ended the call with a header that is none');
    const { name } = this.job.tool;
    const failure = header.failure;
    if (failure) {
      const figures = this.figures(header);
      const cause = failure.code === 'tool_failed' ? this.causeOf(failure) : null;
      if (cause) return this.over(failed(cause.code, cause.message, cause.detail, figures));
      return this.over(failed(failure.code, failure.message, { ...failure.detail, ...(failure.hostCode ? { hostCode: failure.hostCode } : {}) }, figures));
    }
    const { snapshotBytes = 0 } = header;
    if (snapshotBytes > 0 && (!this.job.options.resumable || snapshotBytes > frame.payload.length)) return this.breakProtocol('it sent a snapshot that nobody asked for');
    const output = frame.payload.subarray(0, frame.payload.length - snapshotBytes);
    const figures = this.figures({ ...header, bytesOut: output.length });
    const read = readOutput(output);
    if ('problem' in read) return this.over(failed('tool_output_invalid', `Tool ${name} returned ${output.length} bytes that are ${read.problem}.`, { reason: read.reason, bytes: output.length }, figures));
    this.over({ outcome: 'completed', output: read.output, sandbox: figures, ...(snapshotBytes > 0 ? { snapshot: new Uint8Array(frame.payload.subarray(output.length)) } : {}) });
  }

  /**
   * A tool that fails because its host refused something fails with that refusal (a budget that is spent, a host that is
   * not granted), in our own words. A denial counts for plugins that cannot pass its code on, too.
   */
  private causeOf({ hostCode }: SlotFailure): Verdict | null {
    const failure = this.hostFailure;
    return failure && (failure.code === hostCode || failure.code === 'tool_host_denied') ? failure : null;
  }

  private over(result: SandboxResult): void {
    if (this.ended.signal.aborted) return;
    clearTimeout(this.deadline);
    this.job.options.signal?.removeEventListener('abort', this.cancel);
    this.ended.abort();
    this.onOver(result);
  }

  private tooManyVerdict(asked: HostFunctionName): Verdict {
    const { name, limits } = this.job.tool;
    const [value, limit] = isNote(asked) ? [this.notes, MAX_NOTES] : [this.hostCalls, limits.hostCalls];
    return { code: 'tool_host_calls_exceeded', message: `Tool ${name} made host call number ${value} (${asked}); its limit is ${limit}.`, detail: { value, limit } };
  }

  private timeoutVerdict(): Verdict {
    const { name } = this.job.tool;
    return { code: 'tool_timeout', message: `Tool ${name} ran for ${this.timeoutMs} ms without an answer, which is its limit, and was ended.`, detail: { limitMs: this.timeoutMs, valueMs: Math.round(performance.now() - this.startedAt), cpuMs: this.cpuUsedMs } };
  }

  private crashVerdict(code: number | null, signal: NodeJS.Signals | null): Verdict {
    const { name, limits } = this.job.tool;
    const died = signal ? `by ${signal}` : `with exit code ${code ?? 'unknown'}`;
    if (/out of memory|allocation failed/i.test(this.slot.lastWords)) {
      return { code: 'tool_memory_exceeded', message: `The sandbox process of tool ${name} ran out of memory and died ${died}; the tool's limit is ${limits.memoryMib} MiB.`, detail: { limitMib: limits.memoryMib, valueMib: Math.round(this.peakBytes / MIB) } };
    }
    return { code: 'tool_crashed', message: `The sandbox process of tool ${name} died ${died} during the call.`, detail: { signal, exitCode: code } };
  }

  private figures(of: { wallMs: number; cpuMs?: number; peakMemoryBytes: number; bytesOut?: number }): SandboxFigures {
    return {
      wallMs: round(of.wallMs),
      cpuMs: round(of.cpuMs ?? this.cpuUsedMs),
      peakMemoryMib: round(of.peakMemoryBytes / MIB),
      hostCalls: this.hostCalls,
      bytesIn: this.job.input.length,
      bytesOut: of.bytesOut ?? 0,
      slotPid: this.slot.pid,
    };
  }
}

const round = (value: number): number => Math.round(value * 100) / 100;

function nameOf(header: unknown): unknown {
  return typeof header === 'object' && header !== null && 'name' in header ? header.name : undefined;
}

function failureOf({ code, message, detail }: { code: string; message: string; detail?: Verdict['detail'] }): Verdict | null {
  const known = FAILURE_CODES.find((each) => each === code);
  return known ? { code: known, message, detail } : null;
}

/** Throws a FailureError, `invalid_request`, for what is not UTF-8, not JSON, or nested deeper than anything is. */
function parseRequest(name: HostFunctionName, payload: Uint8Array): unknown {
  const subject = `the request to ${name}`;
  try {
    return parseJsonText(new TextDecoder('utf-8', { fatal: true }).decode(payload), subject);
  } catch (error) {
    throw error instanceof FailureError ? error : new FailureError('invalid_request', `The request to ${name} is not UTF-8.`);
  }
}

function encodeReply(reply: HostReply): Buffer {
  const bytes = Buffer.from(JSON.stringify(reply));
  if (bytes.length <= MAX_HOST_PAYLOAD_BYTES) return bytes;
  return Buffer.from(JSON.stringify({ error: { code: 'payload_too_large', message: `The answer has ${bytes.length} bytes; a plugin takes at most ${MAX_HOST_PAYLOAD_BYTES}.` } }));
}
