import type { Context } from '@opentelemetry/api';
import type { Span, SpanProcessor } from '@opentelemetry/sdk-trace-node';
import { ATTRIBUTES } from './attributes.js';
import { serviceOf, workflowOf } from './workflow-context.js';

/** Copies the workflow and the service of the context onto every span that starts in it. */
export function createWorkflowSpanProcessor(): SpanProcessor {
  return {
    onStart: (span: Span, from: Context) => {
      const workflow = workflowOf(from);
      if (workflow) span.setAttributes({ [ATTRIBUTES.workflowId]: workflow.workflowId, [ATTRIBUTES.tenant]: workflow.tenant });
      const service = serviceOf(from);
      if (service) span.setAttribute(ATTRIBUTES.service, service);
    },
    onEnd: () => undefined,
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
}
