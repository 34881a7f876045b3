import { createMetrics } from './index.js';

describe('createMetrics', () => {
  it('renders its own metrics with the prefix, and those of the process', async () => {
    const metrics = createMetrics('executor');
    metrics.counter({ name: 'tool_calls_total', help: 'Tool calls.', labels: ['tool'] }).inc({ tool: 'calculator' });
    metrics.gauge({ name: 'slots', help: 'Slots.', collect: (gauge) => gauge.set(4) });
    metrics.histogram({ name: 'tool_duration_seconds', help: 'Durations.' }).observe(0.02);
    const text = await metrics.render();
    expect(text).toContain('trivet_tool_calls_total{tool="calculator",service="executor"} 1');
    expect(text).toContain('trivet_slots{service="executor"} 4');
    expect(text).toContain('trivet_tool_duration_seconds_bucket{le="0.025",service="executor"} 1');
    expect(text).toContain('process_resident_memory_bytes');
  });

  it.each(['workflow_id', 'workflowId', 'call_id', 'traceId'])('refuses the unbounded label %s', (label) => {
    expect(() => createMetrics('x').gauge({ name: 'g', help: 'g', labels: [label] })).toThrow(label);
  });

  it('refuses a name that would not be found where people look', () => {
    const metrics = createMetrics('x');
    expect(() => metrics.counter({ name: 'calls', help: 'c' })).toThrow('_total');
    expect(() => metrics.gauge({ name: 'trivet_x', help: 'x' })).toThrow('prefix');
    expect(() => metrics.gauge({ name: 'camelCase', help: 'x' })).toThrow('snake_case');
  });
});
