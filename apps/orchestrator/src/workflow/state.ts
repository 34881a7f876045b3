import type { AcceptedTask, BlobReference, CallRecord, Catalog, ChildLink, EventData, Failure, ForkOrigin, JsonValue, ParentLink, PinnedTool, Plan, StepWork } from '@trivet/contracts';
import type { StepTable } from './step-table.js';

export interface StepCommon {
  id: string;
  /** Attempts begun so far. */
  attempts: number;
  /** Attempts begun before the workflow was last retried: they do not count against the retry policy. */
  attemptsBefore?: number;
  startedAt: string | null;
  finishedAt: string | null;
  /** Calls that ended, oldest first; also model calls made inside the step's tool. */
  calls: readonly CallRecord[];
  input: JsonValue | null;
  inputRef?: BlobReference;
  /** Of a step inside another. */
  childOf?: ChildLink;
  /** Of a map or agent: steps inside it, and how many of them have ended in which way. */
  inside?: Inside;
  /** The smaller tier its model calls are made with, after it failed with a larger one. */
  tier?: ModelTier;
  /** What a person edited: this runs in place of the input. */
  approved?: { input: JsonValue | null };
  reusedFrom?: string;
}

export type ModelTier = 'small' | 'medium' | 'large';

export interface Inside {
  count: number;
  completed: number;
  /** Failed, skipped or cancelled. */
  without: number;
}

export interface ApprovalWork {
  kind: 'approval';
  approvalId: string;
  purpose: EventData<'approval.requested'>['purpose'];
  question: string;
  details: JsonValue | null;
  detailsRef?: BlobReference;
  requestedAt: string;
  expiresAt: number | null;
  onExpire: 'deny' | 'fail' | 'approve';
}

/** A step, by how far it is. */
export type StepState = StepCommon &
  (
    | { status: 'pending' }
    /** A call of it is queued or with a worker. */
    | { status: 'scheduled'; callId: string; attempt: number; deaths: number }
    /** The orchestrator itself carries it through: it waits for steps inside it, a time, a signal, a person or a child workflow. */
    | { status: 'open'; callId: string; attempt: number; work: StepWork | ApprovalWork }
    /** It failed and is tried again when its timer fires. */
    | { status: 'retrying'; attempt: number; retryAt: number; failure: Failure }
    | { status: 'completed'; output: JsonValue | null; outputRef?: BlobReference }
    /** A map or agent keeps its work, so that a retry goes on with what it has. */
    | { status: 'failed'; failure: Failure; work?: StepWork }
    | { status: 'skipped'; reason: string }
    | { status: 'cancelled'; work?: StepWork }
  );

/** What was accepted: it never changes. */
export interface Accepted {
  tenant: string;
  workflowId: string;
  task: AcceptedTask;
  plan: Plan;
  template: string | null;
  templateDigest: string | null;
  source: EventData<'task.accepted'>['source'];
  bodyHash: string;
  traceparent: string | null;
  createdAt: string;
  tools?: Record<string, PinnedTool> | undefined;
  catalog?: Catalog | undefined;
  allowedTools?: string[] | undefined;
  parent?: ParentLink | undefined;
  fork?: ForkOrigin | undefined;
  gated?: boolean | undefined;
  machine?: number | undefined;
}

/** A signal nobody waited for yet. */
export interface KeptSignal {
  name: string;
  payload: JsonValue | null;
}

export interface WorkflowCommon {
  accepted: Accepted;
  steps: StepTable<StepState>;
  /** Steps of the plan that have come to an end. */
  done: number;
  /** Steps whose call is queued or with a worker. */
  calling: number;
  /** Steps that wait for something else: a person, a time, a signal, a child workflow, their next attempt. */
  waiting: number;
  /** Child workflows begun. */
  children: number;
  signals: readonly KeptSignal[];
  paused: { reason: string } | null;
  startedAt: string | null;
  /** When its deadline passes, in ms since 1970. */
  deadlineAt: number | null;
}

/** A workflow, by how far it is. */
export type WorkflowState = WorkflowCommon &
  (
    | { status: 'accepted' }
    | { status: 'running' }
    | { status: 'completed'; finishedAt: string; result: JsonValue | null; resultRef?: BlobReference }
    | { status: 'failed'; finishedAt: string; failure: Failure }
    | { status: 'cancelled'; finishedAt: string; reason: string }
  );

export const hasEnded = (state: WorkflowState): boolean => state.status === 'completed' || state.status === 'failed' || state.status === 'cancelled';

/** The timer that begins a workflow whose account has to be opened first. */
export const BEGIN_TIMER = 'begin';

export const hasOwnBudget = ({ accepted: { task } }: WorkflowState): boolean => task.budget?.tokens !== undefined || task.budget?.costUsd !== undefined;

/** Whether it is accepted first, and begins when its account is open and the limits of its key let it. */
export const waitsToBegin = (state: WorkflowState): boolean => hasOwnBudget(state) || state.accepted.gated === true;

export const stepHasEnded = (step: StepState): boolean =>
  step.status === 'completed' || step.status === 'failed' || step.status === 'skipped' || step.status === 'cancelled';

/** Whether a step waits for something that no worker does. Maps and agents do not count: the steps inside them do. */
export const stepWaits = (step: StepState): boolean => step.status === 'retrying' || (step.status === 'open' && step.work.kind !== 'map' && step.work.kind !== 'agent' && step.work.kind !== 'code');
