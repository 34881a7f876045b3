import type { FailureError, JsonValue } from '@trivet/contracts';
import { validateInput, validateOutput, type CatalogTool } from './catalog/tool-catalog.js';
import type { RunOptions } from './sandbox/job.js';
import type { SandboxPool } from './sandbox/pool.js';
import { EMPTY_FIGURES, type SandboxResult } from './sandbox/result.js';

/** One call of a tool: input checked, run in the sandbox, output checked. */
export async function callTool(pool: SandboxPool, tool: CatalogTool, input: JsonValue, options: RunOptions): Promise<SandboxResult> {
  const inputProblem = validateInput(tool, input);
  if (inputProblem) return failure(inputProblem, EMPTY_FIGURES);
  const result = await pool.run(tool.sandbox, input, options);
  if (result.outcome === 'failed') return result;
  const outputProblem = validateOutput(tool, result.output);
  return outputProblem ? failure(outputProblem, result.sandbox) : result;
}

function failure(error: FailureError, sandbox: SandboxResult['sandbox']): SandboxResult {
  return { outcome: 'failed', failure: error.failure, sandbox };
}
