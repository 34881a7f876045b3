import { context, createContextKey, trace, type Context } from '@opentelemetry/api';
import { ATTRIBUTES } from './attributes.js';

/** The workflow some code works for; it follows that code through every await. */
export interface WorkflowContext {
  tenant: string;
  workflowId: string;
}

/**
 * Where the workflow and the service live in an OpenTelemetry Context. `createContextKey(text)` is `Symbol.for(text)`,
 * so libraries that may not import this one (the bus) reach the same entries with `createContextKey('trivet.workflow')`
 * and a value of the form of WorkflowContext.
 */
const WORKFLOW_KEY = createContextKey('trivet.workflow');
const SERVICE_KEY = createContextKey('trivet.service');

/**
 * Runs `fn` on behalf of a workflow: every span and log line made inside carries its id and tenant.
 * A span that is already open and belongs to no workflow (a submit, before its id was known) gets the id too.
 */
export function withWorkflow<Result>(workflow: WorkflowContext, fn: () => Result): Result {
  const active = context.active();
  if (!workflowOf(active)) {
    trace.getSpan(active)?.setAttributes({ [ATTRIBUTES.workflowId]: workflow.workflowId, [ATTRIBUTES.tenant]: workflow.tenant });
  }
  return context.with(active.setValue(WORKFLOW_KEY, workflow), fn);
}

export const currentWorkflow = (): WorkflowContext | undefined => workflowOf(context.active());

/** Runs `fn` as one tier where several share a process, so that its spans name the tier and not the process. */
export const withService = <Result>(service: string, fn: () => Result): Result => context.with(context.active().setValue(SERVICE_KEY, service), fn);

export function workflowOf(from: Context): WorkflowContext | undefined {
  const value = from.getValue(WORKFLOW_KEY);
  if (typeof value !== 'object' || value === null || !('tenant' in value) || !('workflowId' in value)) return undefined;
  const { tenant, workflowId } = value;
  return typeof tenant === 'string' && typeof workflowId === 'string' ? { tenant, workflowId } : undefined;
}

export function serviceOf(from: Context): string | undefined {
  const value = from.getValue(SERVICE_KEY);
  return typeof value === 'string' ? value : undefined;
}
