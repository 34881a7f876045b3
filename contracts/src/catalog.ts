import type { z } from 'zod';
import { CallCancel, Delta, ModelCall, ModelResult, ToolCall, ToolResult } from './call.js';
import { Event } from './event.js';
import { TaskSubmit } from './task.js';
import { SpanBatch } from './trace.js';

export interface SubjectEntry {
  /** Placeholders in angle brackets are one token each. */
  subject: string;
  schema: z.ZodType | null;
  /** The stream that keeps it; null: core NATS, gone when nobody listens. */
  stream: StreamName | null;
  from: string;
  to: string;
  purpose: string;
}

export interface StreamEntry {
  subjects: string[];
  retention: 'workqueue' | 'limits';
  storage: 'file' | 'memory';
  maxAgeMs: number;
  /** Short on purpose: the fences in Redis decide what is a duplicate, not the broker. */
  duplicateWindowMs: number;
  purpose: string;
}

export interface ConsumerEntry {
  stream: StreamName;
  filter: string;
  ackWaitMs: number;
  maxAckPending: number;
  purpose: string;
}

const DAY_MS = 86_400_000;

/** Every subject of Trivet on one screen. */
export const SUBJECTS = {
  taskSubmit: { subject: 'trivet.v1.task.submit.<tenant>', schema: TaskSubmit, stream: 'TASKS', from: 'anyone', to: 'orchestrator', purpose: 'Ask for work; runs when the orchestrator is back if it is away.' },
  toolCall: { subject: 'trivet.v1.tool.call.<tenant>.<workflowId>', schema: ToolCall, stream: 'CALLS', from: 'orchestrator', to: 'executor', purpose: 'Run a tool.' },
  modelCall: { subject: 'trivet.v1.model.call.<tenant>.<workflowId>', schema: ModelCall, stream: 'CALLS', from: 'orchestrator, executor', to: 'model', purpose: 'Ask a model.' },
  toolResult: { subject: 'trivet.v1.tool.result.<tenant>.<workflowId>', schema: ToolResult, stream: 'RESULTS', from: 'executor', to: 'orchestrator', purpose: 'What a tool call came to.' },
  modelResult: { subject: 'trivet.v1.model.result.<tenant>.<workflowId>', schema: ModelResult, stream: 'RESULTS', from: 'model', to: 'orchestrator', purpose: 'What a model call came to.' },
  event: { subject: 'trivet.v1.event.<tenant>.<workflowId>.<noun>.<fact>', schema: Event, stream: 'EVENTS', from: 'orchestrator', to: 'anyone', purpose: 'Every fact, in order, replayable.' },
  delta: { subject: 'trivet.v1.delta.<tenant>.<workflowId>.<callId>', schema: Delta, stream: null, from: 'model', to: 'whoever watches', purpose: 'Tokens as they arrive.' },
  callCancel: { subject: 'trivet.v1.call.cancel.<tenant>.<workflowId>', schema: CallCancel, stream: null, from: 'orchestrator', to: 'executor, model', purpose: 'Stop now.' },
  remoteTool: { subject: 'tools.<name>', schema: null, stream: null, from: 'executor', to: 'services of the team', purpose: 'Call a remote tool: the body is its input, the answer its output or an error by the service-error headers. The name may have up to eight tokens.' },
  span: { subject: 'trivet.v1.span.<tenant>.<workflowId>', schema: SpanBatch, stream: 'SPANS', from: 'every service', to: 'orchestrator', purpose: 'Spans for the built-in trace view.' },
  dead: { subject: 'trivet.v1.dead.<stream>', schema: null, stream: 'DEAD', from: 'any consumer', to: 'operators', purpose: 'What could not be handled, with its headers, reason and attempts.' },
  rpc: { subject: 'trivet.v1.rpc.<noun>.<verb>', schema: null, stream: null, from: 'anyone', to: 'orchestrator', purpose: 'Ask and get an answer; may end in .<tenant>. The model service answers model.estimate, model.render and model.list, the executor executor.admit.' },
} as const satisfies Record<string, SubjectEntry>;

/** Created at boot, idempotently; the names are part of the public contract, since autoscalers read them. */
export const STREAMS = {
  TASKS: { subjects: ['trivet.v1.task.submit.*'], retention: 'workqueue', storage: 'file', maxAgeMs: 7 * DAY_MS, duplicateWindowMs: 100, purpose: 'Submitted tasks.' },
  CALLS: { subjects: ['trivet.v1.tool.call.*.*', 'trivet.v1.model.call.*.*'], retention: 'workqueue', storage: 'file', maxAgeMs: DAY_MS, duplicateWindowMs: 10_000, purpose: 'Calls dealt to workers; shallow.' },
  RESULTS: { subjects: ['trivet.v1.tool.result.*.*', 'trivet.v1.model.result.*.*'], retention: 'workqueue', storage: 'file', maxAgeMs: DAY_MS, duplicateWindowMs: 10_000, purpose: 'Results for the orchestrator.' },
  EVENTS: { subjects: ['trivet.v1.event.*.*.*.*'], retention: 'limits', storage: 'file', maxAgeMs: 30 * DAY_MS, duplicateWindowMs: 120_000, purpose: 'The journal.' },
  DEAD: { subjects: ['trivet.v1.dead.*'], retention: 'limits', storage: 'file', maxAgeMs: 30 * DAY_MS, duplicateWindowMs: 120_000, purpose: 'Dead letters.' },
  SPANS: { subjects: ['trivet.v1.span.*.*'], retention: 'limits', storage: 'memory', maxAgeMs: 3_600_000, duplicateWindowMs: 1_000, purpose: 'Spans of the last hour.' },
} as const satisfies Record<string, StreamEntry>;
export type StreamName = 'TASKS' | 'CALLS' | 'RESULTS' | 'EVENTS' | 'DEAD' | 'SPANS';

/**
 * The durable consumers, by stream: their names too are public. ackWaitMs is how long a message stays with a process
 * that died, at most; a live one says three times in it that it still works. What an orchestrator died with has to be with
 * another soon enough that the next step begins within a second.
 */
export const CONSUMERS = {
  tasks: { stream: 'TASKS', durable: 'orchestrator', filter: 'trivet.v1.task.submit.*', ackWaitMs: 700, maxAckPending: 512, purpose: 'Takes tasks in.' },
  toolCalls: { stream: 'CALLS', durable: 'executor', filter: 'trivet.v1.tool.call.*.*', ackWaitMs: 1_500, maxAckPending: 4_096, purpose: 'Runs tools.' },
  modelCalls: { stream: 'CALLS', durable: 'model', filter: 'trivet.v1.model.call.*.*', ackWaitMs: 1_500, maxAckPending: 4_096, purpose: 'Asks models.' },
  results: { stream: 'RESULTS', durable: 'orchestrator', filter: 'trivet.v1.*.result.*.*', ackWaitMs: 700, maxAckPending: 4_096, purpose: 'Moves workflows forward.' },
} as const satisfies Record<string, ConsumerEntry & { durable: string }>;
