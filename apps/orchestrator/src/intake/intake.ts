import { createHash } from 'node:crypto';
import { FailureError, MOST_TASK_BYTES, TaskSubmit, canonicalJson, isIdentifier, parseOrFail, type EventData, type TaskAccepted, type Tool } from '@trivet/contracts';
import type { Ledger, ToolCatalog, WorkflowRef, WorkflowStore } from '@trivet/state';
import { currentTraceparent, withSpan, withWorkflow } from '@trivet/telemetry';
import type { AuditTrail } from '../audit/audit-trail.js';
import { checkPlan, type InputCheck } from '../planning/plan-check.js';
import { chooseTemplate, type LoadedTemplate } from '../planning/templates.js';
import { openAndBegin } from '../runner/open-and-begin.js';
import type { Runner } from '../runner/runner.js';
import { hasOwnBudget } from '../workflow/state.js';
import { newWorkflowId } from './workflow-id.js';

export interface Submission {
  tenant: string;
  /** Not yet checked. */
  body: unknown;
  source: EventData<'task.accepted'>['source'];
  /** The id to take when the body names none: ce-id, Nats-Msg-Id or Idempotency-Key, made fit. */
  fallbackId?: string;
  actor: string;
}

/** The one way in for tasks, whichever door they came through. */
export interface Intake {
  /** Resolves once the task is committed; then it ends in exactly one terminal state, whatever dies. */
  submit: (submission: Submission) => Promise<TaskAccepted>;
  /** What would run: the plan, checked, with nothing accepted. */
  plan: (tenant: string, body: unknown) => Promise<{ plan: TaskSubmit['plan']; template: string | null }>;
}

export interface IntakeParts {
  runner: Runner;
  store: WorkflowStore;
  ledger: Ledger;
  catalog: ToolCatalog;
  templates: ReadonlyMap<string, LoadedTemplate>;
  checkInput: InputCheck;
  audit: AuditTrail;
  reach: (label: string) => void;
}

export function createIntake(parts: IntakeParts): Intake {
  async function planOf(task: TaskSubmit): Promise<{ plan: NonNullable<TaskSubmit['plan']>; template: string | null; templateDigest: string | null }> {
    const template = task.plan === undefined ? chooseTemplate(parts.templates, task.template) : null;
    const plan = task.plan ?? template?.plan ?? { steps: [] };
    const tools = new Map((await parts.catalog.list()).map((tool): [string, Tool] => [tool.name, tool]));
    checkPlan(plan, tools, parts.checkInput);
    return { plan, template: template?.name ?? null, templateDigest: template?.digest ?? null };
  }

  async function accept(ref: WorkflowRef, task: TaskSubmit, submission: Submission): Promise<TaskAccepted> {
    const { workflowId: _, plan: sentPlan, ...accepted } = task;
    const bodyHash = createHash('sha256').update(canonicalJson({ ...accepted, plan: sentPlan })).digest('hex');
    const known = await parts.store.load(ref);
    if (known) return duplicateOf(ref, known.hash, bodyHash, statusOf(known.head));
    const planned = await planOf(task);
    requireFitting({ task: accepted, plan: planned.plan });
    parts.reach('orchestrator.before-accept');
    const outcome = await parts.runner.begin(ref, { tenant: ref.tenant, task: accepted, ...planned, source: submission.source, bodyHash, traceparent: currentTraceparent() ?? null });
    parts.reach('orchestrator.after-accept');
    if (outcome.status === 'exists') return duplicateOf(ref, outcome.bodyHash, bodyHash, outcome.workflowStatus);
    if (hasOwnBudget(outcome.state)) await openAndBegin(parts, ref, accepted);
    await parts.audit.record({ tenant: ref.tenant, actor: submission.actor, action: 'task.submit', target: `workflow/${ref.workflowId}`, workflowId: ref.workflowId, detail: `source ${submission.source}` });
    return { workflowId: ref.workflowId, status: 'accepted', duplicate: false };
  }

  return {
    submit: (submission) => {
      const task = readTask(submission.body);
      const workflowId = task.workflowId ?? fitId(submission.fallbackId) ?? newWorkflowId();
      const ref = { tenant: submission.tenant, workflowId };
      return withWorkflow(ref, () => withSpan('task.submit', { kind: 'server', attributes: { 'trivet.source': submission.source } }, () => accept(ref, task, submission)));
    },
    plan: async (_tenant, body) => {
      const planned = await planOf(readTask(body));
      return { plan: planned.plan, template: planned.template };
    },
  };
}

/** @throws FailureError invalid_request, with every mistake */
function readTask(body: unknown): TaskSubmit {
  const task = parseOrFail(TaskSubmit, body, 'the task');
  if (task.budget?.onExceed === 'ask') {
    const detail = 'is ask, which this version does not serve; it serves stop and degrade';
    throw new FailureError('invalid_request', `The task is not valid: /budget/onExceed ${detail}.`, { errors: [{ pointer: '/budget/onExceed', detail }] });
  }
  return task;
}

function duplicateOf(ref: WorkflowRef, knownHash: string, bodyHash: string, status: string): TaskAccepted {
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
