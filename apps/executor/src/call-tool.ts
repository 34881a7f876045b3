import { FailureError, MOST_JSON_DEPTH, type JsonValue } from '@trivet/contracts';
import { validateInput, validateOutput, type CatalogTool, type CheckedTool } from './catalog/tool-catalog.js';
import { jsonDepth } from './json-depth.js';
import type { RunOptions } from './sandbox/job.js';
import type { SandboxPool } from './sandbox/pool.js';
import { EMPTY_FIGURES, type SandboxResult } from './sandbox/result.js';

/** One call of a plugin: input checked, run in the sandbox, output checked. */
export function callTool(pool: SandboxPool, tool: CatalogTool, input: JsonValue, options: RunOptions): Promise<SandboxResult> {
  return callChecked(tool, input, () => pool.run(tool.sandbox, input, options));
}

/** One call of a tool, however it runs: nothing runs with an input that does not fit, and nobody sees an output that does not. */
export async function callChecked(tool: CheckedTool, input: JsonValue, run: () => Promise<SandboxResult>): Promise<SandboxResult> {
  const inputProblem = tooDeep(tool, input) ?? validateInput(tool, input);
  if (inputProblem) return failure(inputProblem, EMPTY_FIGURES);
  const result = await run();
  if (result.outcome === 'failed') return result;
  const outputProblem = validateOutput(tool, result.output);
  return outputProblem ? failure(outputProblem, result.sandbox) : result;
}

/** Deeper values did not come through a door of ours, and could only exhaust the stack. */
function tooDeep(tool: CheckedTool, input: JsonValue): FailureError | null {
  const depth = jsonDepth(input);
  if (depth <= MOST_JSON_DEPTH) return null;
  return new FailureError('tool_input_invalid', `The input of tool ${tool.manifest.name} is nested ${depth} levels deep; the limit is ${MOST_JSON_DEPTH}.`, { detail: { value: depth, limit: MOST_JSON_DEPTH } });
}

function failure(error: FailureError, sandbox: SandboxResult['sandbox']): SandboxResult {
  return { outcome: 'failed', failure: error.failure, sandbox };
}
