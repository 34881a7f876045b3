import type { CallHeader, SlotFailure } from './messages.js';

/** Extism numbers its blocks with 15 bits and never reuses a number. */
const MAX_BLOCKS = 32_000;
/** Blocks below this are not tracked one by one; their number is bounded by MAX_BLOCKS. */
const SMALL_BLOCK_BYTES = 4096;

/** Ends the call from inside a host function; whatever the plugin does with it, the verdict stands. */
export class Condemned extends Error {
  constructor(readonly failure: SlotFailure) {
    super(failure.message);
    this.name = 'Condemned';
  }
}

/** The host-side memory of a call: Extism's blocks, bounded before they are allocated. */
export class CallState {
  verdict: SlotFailure | null = null;
  hostCalls = 0;
  notes = 0;
  peakBlockBytes = 0;
  private blocks = 0;
  private liveBytes = 0;
  private readonly tracked = new Map<bigint, number>();

  constructor(readonly call: CallHeader) {}

  condemn(failure: SlotFailure): never {
    this.verdict ??= failure;
    throw new Condemned(this.verdict);
  }

  /** Must be asked before a block is allocated. `lengthOf` says 0 for a block that was freed. */
  admitBlock(bytes: number, lengthOf: (address: bigint) => bigint): void {
    const { tool, memoryBytes } = this.call;
    if (this.liveBytes + bytes > memoryBytes) this.forgetFreed(lengthOf);
    if (this.liveBytes + bytes > memoryBytes) {
      const value = mib(this.liveBytes + bytes);
      this.condemn({ code: 'tool_memory_exceeded', message: `Tool ${tool} asked for ${value} MiB of host memory; its limit is ${mib(memoryBytes)} MiB.`, detail: { valueMib: value, limitMib: mib(memoryBytes) } });
    }
    this.blocks += 1;
    if (this.blocks > MAX_BLOCKS) {
      this.condemn({ code: 'tool_memory_exceeded', message: `Tool ${tool} allocated ${this.blocks} host blocks; the limit is ${MAX_BLOCKS} a call.`, detail: { value: this.blocks, limit: MAX_BLOCKS } });
    }
    this.liveBytes += bytes;
    this.peakBlockBytes = Math.max(this.peakBlockBytes, this.liveBytes);
  }

  track(address: bigint, bytes: number): void {
    if (bytes >= SMALL_BLOCK_BYTES) this.tracked.set(address, bytes);
  }

  private forgetFreed(lengthOf: (address: bigint) => bigint): void {
    for (const [address, bytes] of this.tracked) {
      if (lengthOf(address) > 0n) continue;
      this.tracked.delete(address);
      this.liveBytes -= bytes;
    }
  }
}

export const mib = (bytes: number): number => Math.round((bytes / 1_048_576) * 100) / 100;
