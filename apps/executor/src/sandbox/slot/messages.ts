/** The headers of the frames between pool and slot, as both sides see them. */

export interface CallHeader {
  /** Nobody can guess it, and the end of the call names it: a word that was said before the call was given is not taken for its end. */
  nonce: string;
  digest: string;
  /** For messages only. */
  tool: string;
  entry: string;
  memoryBytes: number;
  outputBytes: number;
  hostCalls: number;
  /** What `new Date()` says inside an interpreter; frozen for the whole call. */
  nowMs: number;
  /** Of a call that may be gone on with later, in another process. */
  resumable?: {
    /** How much of the end of the payload is a snapshot to go on with; 0: it begins. */
    snapshotBytes: number;
    /** A snapshot is taken of a call that used more CPU time than this. */
    snapshotAfterCpuMs: number;
  };
}

/** What a slot can find out about a call by itself. */
export const SLOT_CODES = ['tool_memory_exceeded', 'tool_fuel_exhausted', 'tool_trapped', 'tool_failed', 'tool_output_too_large', 'tool_output_invalid', 'tool_host_calls_exceeded', 'tool_refused'] as const;

/** Longer texts are cut, so that a header stays small. */
export const MAX_MESSAGE_LENGTH = 4000;
export const MAX_DETAIL_LENGTH = 200;

export interface SlotFailure {
  code: (typeof SLOT_CODES)[number];
  message: string;
  detail: Record<string, string | number | boolean | null>;
  /** The code of a HostError that the tool did not catch. */
  hostCode?: string;
}

export interface DoneHeader {
  failure: SlotFailure | null;
  wallMs: number;
  cpuMs: number;
  peakMemoryBytes: number;
  /** How much of the end of the payload is a snapshot. */
  snapshotBytes?: number;
}

/** As it goes over the pipe: how a call ended, and which one. */
export type EndOfCall = DoneHeader & Pick<CallHeader, 'nonce'>;

/** Calls a plugin can make of its host, and how they are counted. */
export const HOST_FUNCTIONS = ['http', 'model', 'log', 'progress', 'files', 'tool', 'kv', 'memory'] as const;
export type HostFunctionName = (typeof HOST_FUNCTIONS)[number];

/** Notes are counted apart, so that a tool that logs does not use up its host calls. */
export const isNote = (name: HostFunctionName): boolean => name === 'log' || name === 'progress';
export const MAX_NOTES = 1000;
/** What one host call may carry in either direction. */
export const MAX_HOST_PAYLOAD_BYTES = 4 * 1_048_576;
