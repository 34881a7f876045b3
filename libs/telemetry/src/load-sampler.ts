import { createContextKey, trace, TraceFlags, type Context } from '@opentelemetry/api';
import { SamplingDecision, type Sampler, type SamplingResult } from '@opentelemetry/sdk-trace-node';

/** The span with which a workflow begins; what is decided for it holds for all that follows. */
export const FIRST_SPAN = 'task.submit';

/** In a context: what is started in it has failed, or belongs to what has, and is recorded also when its workflow is left out. */
export const MUST_BE_KEPT = createContextKey('trivet.must-be-kept');

/** So many workflows a second are traced whatever the load, and so many at once. */
const TRACED_A_SECOND = 20;
const TRACED_AT_ONCE = 300;

/**
 * Records every workflow, also when the caller's traceparent says not to: a workflow without its trace would break 'one
 * id everywhere'. Only under a load where no one could read all traces, it records some and leaves out the others as a
 * whole, but for what fails; their id still travels, marked as not recorded.
 */
export function createLoadSampler(nowMs: () => number = () => performance.now()): Sampler {
  let left = TRACED_AT_ONCE;
  let lastMs = nowMs();

  function isWithinRate(): boolean {
    const now = nowMs();
    left = Math.min(TRACED_AT_ONCE, left + ((now - lastMs) / 1_000) * TRACED_A_SECOND);
    lastMs = now;
    if (left < 1) return false;
    left -= 1;
    return true;
  }

  return {
    shouldSample: (parent: Context, _traceId: string, name: string): SamplingResult => {
      const spanContext = trace.getSpanContext(parent);
      const isRecorded = parent.getValue(MUST_BE_KEPT) === true || (name === FIRST_SPAN ? isWithinRate() : !spanContext || (spanContext.traceFlags & TraceFlags.SAMPLED) !== 0);
      return { decision: isRecorded ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD };
    },
    toString: () => 'LoadSampler',
  };
}
