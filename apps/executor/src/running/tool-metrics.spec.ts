import { createMetrics } from '@trivet/telemetry';
import { EMPTY_FIGURES, failed } from '../sandbox/result.js';
import { createToolMetrics } from './tool-metrics.js';

describe('the metrics of tools', () => {
  it('count what ran, how long, with how much memory, and which limit ended it', async () => {
    const metrics = createMetrics('executor');
    const watch = createToolMetrics(metrics);
    expect(await metrics.render()).toContain('trivet_sandbox_violations_total{kind="memory",service="executor"} 0');
    watch('calculator', { outcome: 'completed', output: 1, sandbox: { ...EMPTY_FIGURES, wallMs: 20, peakMemoryMib: 3 } });
    watch('calculator', failed('tool_memory_exceeded', 'x', undefined, { ...EMPTY_FIGURES, wallMs: 40, peakMemoryMib: 64 }));
    watch('no-such-tool', failed('tool_unknown', 'x', undefined, EMPTY_FIGURES));
    const text = await metrics.render();
    expect(text).toContain('trivet_tool_executions_total{tool="calculator",outcome="completed",service="executor"} 1');
    expect(text).toContain('trivet_tool_executions_total{tool="calculator",outcome="tool_memory_exceeded",service="executor"} 1');
    expect(text).toContain('trivet_tool_executions_total{tool="unknown",outcome="tool_unknown",service="executor"} 1');
    expect(text).toContain('trivet_tool_duration_seconds_count{service="executor",tool="calculator"} 2');
    expect(text).toContain('trivet_sandbox_violations_total{kind="memory",service="executor"} 1');
    expect(text).toContain('trivet_sandbox_memory_bytes_bucket{le="4194304",service="executor"} 1');
  });
});
