import type { FailureCode } from '@trivet/contracts';
import { createBoundedLabel, type Metrics } from '@trivet/telemetry';
import type { SandboxResult } from '../sandbox/result.js';

/** Limits of the sandbox, by the failure of a call that ran into one. */
const VIOLATIONS: Partial<Record<FailureCode, string>> = {
  tool_memory_exceeded: 'memory',
  tool_timeout: 'timeout',
  tool_fuel_exhausted: 'fuel',
  tool_host_denied: 'host_denied',
  tool_host_calls_exceeded: 'host_calls',
  tool_output_too_large: 'output',
  tool_crashed: 'crash',
};

/** From one WebAssembly page to the most a tool may have, in bytes. */
const MEMORY_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512].map((mib) => mib * 1_048_576);

/** Told what a tool came to, once for each time one ran; also of tools that were called by tools. */
export type WatchTool = (tool: string, result: SandboxResult) => void;

/** How tools do: which ran, how long, and which limits of the sandbox they met. */
export function createToolMetrics(metrics: Metrics): WatchTool {
  const executions = metrics.counter({ name: 'tool_executions_total', help: 'Tools that ran, by what came of it: completed, or the code of the failure.', labels: ['tool', 'outcome'] });
  const seconds = metrics.histogram({ name: 'tool_duration_seconds', help: 'Seconds that tools ran, with their host calls.', labels: ['tool'] });
  const violations = metrics.counter({ name: 'sandbox_violations_total', help: 'Limits of the sandbox that ended a call, by kind.', labels: ['kind'] });
  const memory = metrics.histogram({ name: 'sandbox_memory_bytes', help: 'The most memory that the process of a call had.', buckets: MEMORY_BUCKETS });
  const toolLabel = createBoundedLabel();
  for (const kind of Object.values(VIOLATIONS)) violations.inc({ kind }, 0);
  return (name, result) => {
    const outcome = result.outcome === 'completed' ? 'completed' : result.failure.code;
    // Anybody may ask for a tool that does not exist.
    const tool = outcome === 'tool_unknown' ? 'unknown' : toolLabel(name);
    executions.inc({ tool, outcome });
    if (result.outcome === 'failed') {
      const kind = VIOLATIONS[result.failure.code];
      if (kind) violations.inc({ kind });
    }
    if (result.sandbox.wallMs > 0) seconds.observe({ tool }, result.sandbox.wallMs / 1_000);
    if (result.sandbox.peakMemoryMib > 0) memory.observe(result.sandbox.peakMemoryMib * 1_048_576);
  };
}
