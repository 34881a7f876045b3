/** The limits of the sandbox as a whole; those of one call are in the tool's manifest. */
export interface SandboxLimits {
  /** The most a manifest may ask for; V8 refuses more in every slot process. */
  maxMemoryMib: number;
  /** How often a slot process that serves one tenant is replaced. */
  callsPerTenantProcess: number;
  /** How often a slot process that runs bundled tools is replaced. */
  callsPerSharedProcess: number;
  /** How long a process may take to boot; Node that finds too little memory hangs instead of ending. */
  bootTimeoutMs: number;
  /** How often the memory of busy slots is looked at. */
  watchMs: number;
  /** How often idle slots are looked at: whether there are too many, and whether one computes although it has no call. */
  idleLookMs: number;
  /** How far a slot may grow beyond its resting size and its plugin's memory before the watchdog ends it. */
  watchdogSlackMib: number;
}

export const DEFAULT_LIMITS: SandboxLimits = { maxMemoryMib: 256, callsPerTenantProcess: 1000, callsPerSharedProcess: 2000, bootTimeoutMs: 10_000, watchMs: 20, idleLookMs: 10_000, watchdogSlackMib: 96 };

export const PAGES_PER_MIB = 16;

/** Writable memory of a slot process beside its plugin: Node's own heap, stacks, compiled modules. */
export const PROCESS_OVERHEAD_MIB = 192;
