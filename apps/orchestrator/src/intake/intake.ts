import { createHash } from 'node:crypto';
import { ChildInput, FailureError, MOST_TASK_BYTES, TaskSubmit, canonicalJson, isIdentifier, parseOrFail, type DryRun, type EventData, type Fact, type ForkBody, type TaskAccepted } from '@trivet/contracts';
import type { Bus } from '@trivet/bus';
import { ERASED, type Blobs, type Ledger, type WorkflowRef, type WorkflowStore } from '@trivet/state';
import { currentTraceparent, withSpan, withWorkflow, type DeliveryOfSpan } from '@trivet/telemetry';
import type { AuditTrail } from '../audit/audit-trail.js';
import { estimatePlan } from '../planning/estimate.js';
import { createPlanTask, type PlanningParts } from '../planning/plan-task.js';
import { FACTS_WORKFLOW } from '../recovery/facts.js';
import type { Gatekeeper } from '../policy/gatekeeper.js';
import type { Policies } from '../policy/policies.js';
import { openAndBegin } from '../runner/open-and-begin.js';
import type { BeginOutcome, Runner } from '../runner/runner.js';
import { MACHINE_VERSION } from '../workflow/advance.js';
import { waitsToBegin, type StepState, type WorkflowState } from '../workflow/state.js';
import { allowedToolsBelow, checkChild, childInputOf, childTask } from './child-task.js';
import { forkTask } from './fork-task.js';
import type { ChildEnd } from '../workflow/transition.js';
import { newIdHere, startTaskHandOver, type TaskHandOverParts } from './task-hand-over.js';

export interface Submission {
  tenant: string;
  /** Not yet checked. */
  body: unknown;
  source: EventData<'task.accepted'>['source'];
  /** The id to take when the body names none: ce-id, Nats-Msg-Id or Idempotency-Key, made fit. */
  fallbackId?: string;
  actor: string;
  /** Of the message it came in, where it did. */
  delivery?: DeliveryOfSpan;
}

/** The one way in for tasks, whichever door they came through. */
export interface Intake {
  /** Resolves once the task is committed; then it ends in exactly one terminal state, whatever dies. */
  submit: (submission: Submission) => Promise<TaskAccepted>;
  /** What would run, checked, and what it may cost; nothing is accepted. */
  plan: (tenant: string, body: unknown) => Promise<DryRun>;
  /** Begins the child workflow of a step, which is there already when this was done before; or only checks its plan. */
  beginChild: (parent: WorkflowState, step: StepState, childId: string) => Promise<ChildEnd | null>;
  /** A new workflow from a step of another, whose earlier results it takes over. */
  fork: (ref: WorkflowRef, body: ForkBody, actor: string) => Promise<TaskAccepted>;
  /** Takes no tasks of other orchestrators any more; resolves when those at hand are done. */
  stop: () => Promise<void>;
}

export interface IntakeParts extends PlanningParts, Omit<TaskHandOverParts, 'bus'> {
  runner: Runner;
  store: WorkflowStore;
  blobs: Blobs;
  ledger: Ledger;
  bus: Pick<Bus, 'request' | 'ask' | 'answer'>;
  audit: AuditTrail;
  policies: Policies;
  gatekeeper: Gatekeeper;
  reach: (label: string) => void;
}

export function createIntake(parts: IntakeParts): Intake {
  const planTask = createPlanTask(parts);

  async function beginPlanned(ref: WorkflowRef, data: EventData<'task.accepted'>, reused: readonly Fact[] = []): Promise<BeginOutcome> {
    requireFitting({ task: data.task, plan: data.plan });
    const gated = data.parent === undefined && (data.task.concurrencyKey !== undefined || (await parts.policies.of(ref.tenant)).maxRunning !== null);
    const outcome = await parts.runner.begin(ref, { ...data, ...(gated ? { gated } : {}), machine: MACHINE_VERSION }, reused);
    if (outcome.status === 'created' && waitsToBegin(outcome.state)) await openAndBegin(parts, ref, outcome.state);
    return outcome;
  }

  async function accept(ref: WorkflowRef, task: TaskSubmit, submission: Submission): Promise<TaskAccepted> {
    const { workflowId: _, plan: sentPlan, ...accepted } = task;
    const bodyHash = createHash('sha256').update(canonicalJson({ ...accepted, plan: sentPlan })).digest('hex');
    const planned = await planTask(task, ref).catch(async (error: unknown) => {
      // What was accepted once stays so, whatever has become of its tools and template.
      const known = await parts.store.load(ref);
      if (known) return { known };
      throw error;
    });
    if ('known' in planned) return duplicateOf(ref, planned.known.hash, bodyHash, statusOf(planned.known.head));
    parts.reach('orchestrator.before-accept');
    const outcome = await beginPlanned(ref, { tenant: ref.tenant, task: accepted, ...planned, source: submission.source, bodyHash, traceparent: currentTraceparent() ?? null });
    parts.reach('orchestrator.after-accept');
    if (outcome.status === 'exists') return duplicateOf(ref, outcome.bodyHash, bodyHash, outcome.workflowStatus);
    await parts.audit.record({ tenant: ref.tenant, actor: submission.actor, action: 'task.submit', target: `workflow/${ref.workflowId}`, workflowId: ref.workflowId, detail: `source ${submission.source}` });
    return { workflowId: ref.workflowId, status: 'accepted', duplicate: false };
  }

  const handOver = startTaskHandOver(parts, (ref, submission) => accept(ref, readTask(submission.body), submission));

  return {
    submit: (submission) => {
      const task = readTask(submission.body);
      const ref = { tenant: submission.tenant, workflowId: task.workflowId ?? fitId(submission.fallbackId) ?? newIdHere(parts, submission.tenant) };
      return withWorkflow(ref, () => withSpan('task.submit', { kind: 'server', attributes: { 'trivet.source': submission.source }, ...(submission.delivery ? { delivery: submission.delivery } : {}) }, async () => (await handOver.give(ref, submission)) ?? accept(ref, task, submission)));
    },
    beginChild: async (parent, step, childId) => {
      const input = await childInputOf(parts.blobs, step);
      const planFor = { tenant: parent.accepted.tenant, allowed: allowedToolsBelow(parent) };
      if (input.dryRun) return { status: 'completed', output: await checkChild(input, (task) => planTask(task, planFor)) };
      const { ref, data } = childTask({ parent, step, childId }, input, await planTask(parseOrFail(ChildInput, input, `the input of step ${step.id}`), planFor));
      await withWorkflow(ref, () => beginPlanned(ref, data));
      return null;
    },
    fork: async (ref, body, actor) => {
      const source = await parts.runner.read(ref);
      if (!source) throw new FailureError('not_found', `There is no workflow ${ref.workflowId}.`);
      const workflowId = body.workflowId ?? newIdHere(parts, ref.tenant);
      const { data, reused } = await forkTask(source, body, planTask);
      const forked = { tenant: ref.tenant, workflowId };
      const outcome = await withWorkflow(forked, () => beginPlanned(forked, data, reused));
      if (outcome.status === 'exists') return duplicateOf(forked, outcome.bodyHash, data.bodyHash, outcome.workflowStatus);
      await parts.audit.record({ tenant: ref.tenant, actor, action: 'workflow.fork', target: `workflow/${workflowId}`, workflowId, detail: `from ${ref.workflowId} at ${body.fromStep}`, ...(body.reason === undefined ? {} : { reason: body.reason }) });
      return { workflowId, status: 'accepted', duplicate: false };
    },
    stop: () => handOver.stop(),
    plan: async (tenant, body) => {
      const task = readTask(body);
      const planned = await planTask(task, { tenant });
      const { plan, template, templateDigest } = planned;
      return { plan, template, templateDigest, estimate: await estimatePlan(parts.bus, planned, task, { tenant, tools: await parts.tools.usable(tenant), templates: parts.templates }) };
    },
  };
}

/** @throws FailureError invalid_request, with every mistake */
function readTask(body: unknown): TaskSubmit {
  const task = parseOrFail(TaskSubmit, body, 'the task');
  if (task.workflowId === FACTS_WORKFLOW) throw new FailureError('invalid_request', `The task is not valid: /workflowId is ${FACTS_WORKFLOW}, which is reserved.`, { errors: [{ pointer: '/workflowId', detail: 'is reserved' }] });
  return task;
}

function duplicateOf(ref: WorkflowRef, knownHash: string, bodyHash: string, status: string): TaskAccepted {
  if (knownHash === ERASED) throw new FailureError('workflow_conflict', `The workflow ${ref.workflowId} was erased; its id is not used again while that is remembered.`, { hint: 'Choose another workflowId.', detail: { workflowId: ref.workflowId } });
  if (knownHash === bodyHash) return { workflowId: ref.workflowId, status, duplicate: true };
  throw new FailureError('workflow_conflict', `A workflow ${ref.workflowId} exists that was accepted with another body.`, { detail: { workflowId: ref.workflowId } });
}

/** A body can grow when it is written again (1e20 has 21 digits): what counts is the event that keeps it. */
function requireFitting(kept: object): void {
  const bytes = Buffer.byteLength(JSON.stringify(kept));
  if (bytes > MOST_TASK_BYTES) throw new FailureError('payload_too_large', `The task has ${bytes} bytes when all its numbers are written out; the limit is ${MOST_TASK_BYTES}.`, { detail: { bytes, limit: MOST_TASK_BYTES } });
}

function statusOf(head: string): string {
  const parsed: { status?: unknown } = JSON.parse(head);
  return typeof parsed.status === 'string' ? parsed.status : 'running';
}

/** An id from outside that is not of our form is hashed into one, so that the same message still finds its workflow. */
function fitId(candidate: string | undefined): string | undefined {
  if (candidate === undefined || candidate === '') return undefined;
  return isIdentifier(candidate) ? candidate : createHash('sha256').update(candidate).digest('hex').slice(0, 32);
}
