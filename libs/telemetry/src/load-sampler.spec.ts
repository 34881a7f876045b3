import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { SamplingDecision } from '@opentelemetry/sdk-trace-node';
import { createLoadSampler, FIRST_SPAN } from './load-sampler.js';

const decide = (sampler: ReturnType<typeof createLoadSampler>, name: string, traceFlags?: number): SamplingDecision => {
  const parent = traceFlags === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags });
  return sampler.shouldSample(parent, 'a'.repeat(32), name, SpanKind.INTERNAL, {}, []).decision;
};

describe('the sampler', () => {
  it('records every workflow while there are few, also one whose caller does not', () => {
    const sampler = createLoadSampler(() => 0);
    expect(decide(sampler, FIRST_SPAN)).toBe(SamplingDecision.RECORD_AND_SAMPLED);
    expect(decide(sampler, FIRST_SPAN, 0)).toBe(SamplingDecision.RECORD_AND_SAMPLED);
  });

  it('leaves whole workflows out under load, and records again when it is over', () => {
    let now = 0;
    const sampler = createLoadSampler(() => now);
    const first = Array.from({ length: 1_000 }, () => decide(sampler, FIRST_SPAN));
    expect(first.filter((decision) => decision === SamplingDecision.RECORD_AND_SAMPLED)).toHaveLength(300);
    now = 1_000;
    const later = Array.from({ length: 100 }, () => decide(sampler, FIRST_SPAN));
    expect(later.filter((decision) => decision === SamplingDecision.RECORD_AND_SAMPLED)).toHaveLength(20);
  });

  it('follows for every later span what was decided for the first', () => {
    const sampler = createLoadSampler(() => 0);
    expect(decide(sampler, 'tool.call', 1)).toBe(SamplingDecision.RECORD_AND_SAMPLED);
    expect(decide(sampler, 'tool.call', 0)).toBe(SamplingDecision.NOT_RECORD);
  });
});
