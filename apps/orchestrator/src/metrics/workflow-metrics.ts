import type { CallRecord, EventType, WorkflowEvent } from '@trivet/contracts';
import { createBoundedLabel, type Metrics } from '@trivet/telemetry';
import { planStepOf } from '../workflow/plan-index.js';
import type { StepState, WorkflowState } from '../workflow/state.js';
import type { Transition } from '../workflow/transition.js';

/** A workflow may take seconds or days, in seconds. */
const WORKFLOW_BUCKETS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400];

/** Why a workflow went on that had stopped, by the event that says so. */
const RESUMED: Partial<Record<EventType, string>> = { 'call.lost': 'worker_lost', 'workflow.resumed': 'resumed', 'workflow.retried': 'retried' };

/** Each event of a commit: what it tells the metrics. Told once for a commit, by the process that made it. */
export type WatchCommit = (transition: Pick<Transition, 'state' | 'events'>) => void;

/** How workflows and their steps go. Kinds, templates, sources and statuses are the labels, and never an id. */
export function createWorkflowMetrics(metrics: Metrics): WatchCommit {
  const started = metrics.counter({ name: 'workflows_started_total', help: 'Workflows begun, by template and by the door they came through.', labels: ['template', 'source'] });
  const finished = metrics.counter({ name: 'workflows_finished_total', help: 'Workflows ended, by template and by how.', labels: ['template', 'status'] });
  const duration = metrics.histogram({ name: 'workflow_duration_seconds', help: 'Seconds from the acceptance of a workflow to its end.', labels: ['template', 'status'], buckets: WORKFLOW_BUCKETS });
  const resumed = metrics.counter({ name: 'workflow_resumed_total', help: 'Times a workflow went on that had stopped: its worker was lost, or it was resumed or retried.', labels: ['reason'] });
  const stepSeconds = metrics.histogram({ name: 'step_duration_seconds', help: 'Seconds from the beginning of a step to its end, with its retries.', labels: ['kind'] });
  const queueSeconds = metrics.histogram({ name: 'step_queue_seconds', help: 'Seconds that the first call of a step waited for a worker.', labels: ['kind'] });
  const retried = metrics.counter({ name: 'steps_retried_total', help: 'Attempts of steps after the first.', labels: ['kind'] });
  const templateLabel = createBoundedLabel();
  for (const reason of Object.values(RESUMED)) resumed.inc({ reason }, 0);
  for (const kind of ['tool', 'model']) retried.inc({ kind }, 0);
  for (const status of ['completed', 'failed', 'cancelled']) finished.inc({ template: NO_TEMPLATE, status }, 0);

  const watchStep = (state: WorkflowState, stepId: string, call: CallRecord | null): void => {
    const step = state.steps.get(stepId);
    const kind = planStepOf(state, stepId)?.kind;
    if (!step || !kind) return;
    if (step.startedAt && step.finishedAt) stepSeconds.observe({ kind }, secondsBetween(step.startedAt, step.finishedAt));
    if (call?.startedAt && step.startedAt && isOnlyCall(step)) queueSeconds.observe({ kind }, secondsBetween(step.startedAt, call.startedAt));
  };
  const watchEnd = ({ accepted }: WorkflowState, status: string, at: string): void => {
    const template = templateLabel(accepted.template ?? NO_TEMPLATE);
    finished.inc({ template, status });
    duration.observe({ template, status }, secondsBetween(accepted.createdAt, at));
  };
  const watch = (state: WorkflowState, event: WorkflowEvent): void => {
    const reason = RESUMED[event.type];
    if (reason) resumed.inc({ reason });
    switch (event.type) {
      case 'workflow.started': return started.inc({ template: templateLabel(state.accepted.template ?? NO_TEMPLATE), source: state.accepted.source });
      case 'workflow.completed': return watchEnd(state, 'completed', event.at);
      case 'workflow.failed': return watchEnd(state, 'failed', event.at);
      case 'workflow.cancelled': return watchEnd(state, 'cancelled', event.at);
      case 'step.retrying': return retried.inc({ kind: planStepOf(state, event.data.stepId)?.kind ?? 'tool' });
      case 'step.completed': case 'step.failed': return watchStep(state, event.data.stepId, event.data.call);
      default: return undefined;
    }
  };
  return ({ state, events }) => {
    for (const event of events) watch(state, event);
  };
}

/** Of a workflow whose plan came with its task. */
const NO_TEMPLATE = 'none';

/** The step began with this call, and it was neither lost nor tried again: only then is its beginning that of the wait. */
const isOnlyCall = (step: StepState): boolean => step.attempts === 1 && step.calls.filter(({ parentCallId }) => parentCallId === undefined).length === 1;

/** Of two clocks (Redis' and a worker's), so never below 0. */
const secondsBetween = (from: string, to: string): number => Math.max(0, (Date.parse(to) - Date.parse(from)) / 1_000);
