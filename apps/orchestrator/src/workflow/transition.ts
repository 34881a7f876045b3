import type { ApprovalDecision, BlobReference, Failure, Fact, JsonValue, ToolResult, ModelResult, WorkflowEvent } from '@trivet/contracts';
import type { Tier } from './tier.js';
import type { WorkflowState } from './state.js';

/** How a child workflow ended. */
export type ChildEnd = { status: 'completed'; output: JsonValue | null; outputRef?: BlobReference } | { status: 'failed'; failure: Failure };

/** Something that happened outside and that a workflow is told. */
export type Input =
  | { type: 'begin' }
  | { type: 'result'; tier: Tier; result: ToolResult | ModelResult }
  | { type: 'worker-lost'; callId: string; worker: string; epoch: number }
  /** The broker lost a result that a worker had published. */
  | { type: 'result-lost'; callId: string; worker: string; epoch: number }
  | { type: 'timer'; timer: string }
  | { type: 'cancel'; reason: string }
  | { type: 'pause'; reason: string }
  | { type: 'resume' }
  | { type: 'retry'; reason: string }
  | { type: 'signal'; name: string; payload: JsonValue | null }
  | { type: 'decide'; stepId: string; approvalId: string; actor: string; decision: ApprovalDecision }
  | { type: 'child-ended'; stepId: string; childId: string; end: ChildEnd }
  /** An input cannot be applied, however often it is tried: a defect of ours. It still comes to an end. */
  | { type: 'give-up'; failure: Failure };

/** What must happen outside with the commit of a transition. Effects are data: the runner carries them out. */
export type Effect =
  | { do: 'schedule'; stepId: string; callId: string; tier: Tier; attempt: number; tool?: string; input: JsonValue; inputRef?: BlobReference; timeoutMs?: number }
  /** The call has ended: whoever still works on it is too late. */
  | { do: 'close'; callId: string; tier: Tier }
  /** The call's worker died: another shall take it. */
  | { do: 'reopen'; callId: string; tier: Tier; worker: string; epoch: number }
  /** Tell workers to stop. */
  | { do: 'stop'; callIds: string[] }
  | { do: 'timer'; timer: string; delayMs: number }
  | { do: 'clear-timer'; timer: string }
  | { do: 'store'; reference: BlobReference; value: JsonValue; json: string }
  /** A person has to decide, or has decided. */
  | { do: 'ask'; approvalId: string; stepId: string }
  | { do: 'answered'; approvalId: string; stepId: string }
  /** A child workflow shall begin; its timer sees to it that it does. */
  | { do: 'spawn'; stepId: string; childId: string }
  | { do: 'tell-child'; childId: string; what: 'cancel' | 'pause' | 'resume' }
  | { do: 'dead-letter'; stepId: string; callId: string; failure: Failure };

/** What a workflow wants done next; each becomes facts and effects. */
export type Command =
  | { command: 'start' }
  /** Begin a step that is pending, or that is tried again. */
  | { command: 'begin'; stepId: string }
  /** Something changed inside a step. */
  | { command: 'go-on'; stepId: string }
  | { command: 'skip'; stepId: string; reason: string }
  | { command: 'complete' }
  | { command: 'fail'; failure: Failure };

/** What the pure machine may know of the world; nothing here reads a clock or a network. */
export interface Surroundings {
  /** The ledger's time. */
  nowMs: number;
  /** Values that travel by reference and are needed for expressions. */
  values: ReadonlyMap<string, JsonValue>;
  /** The result of a random draw in [0, 1), made by the runner: spreads retries. */
  jitter: number;
}

export interface Transition {
  state: WorkflowState;
  events: WorkflowEvent[];
  effects: Effect[];
  /** Steps whose state changed. */
  touched: ReadonlySet<string>;
}

export interface Outcome {
  facts: Fact[];
  effects: Effect[];
}
export const NOTHING: Outcome = { facts: [], effects: [] };
