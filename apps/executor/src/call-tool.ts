import { FailureError, MOST_JSON_DEPTH, type JsonValue } from '@trivet/contracts';
import { validateInput, validateOutput, type CatalogTool } from './catalog/tool-catalog.js';
import { jsonDepth } from './json-depth.js';
import type { RunOptions } from './sandbox/job.js';
import type { SandboxPool } from './sandbox/pool.js';
import { EMPTY_FIGURES, type SandboxResult } from './sandbox/result.js';

/** One call of a tool: input checked, run in the sandbox, output checked. */
export async function callTool(pool: SandboxPool, tool: CatalogTool, input: JsonValue, options: RunOptions): Promise<SandboxResult> {
  const inputProblem = validateInput(tool, input);
  if (inputProblem) return failure(inputProblem, EMPTY_FIGURES);
  const result = await pool.run(tool.sandbox, input, options);
  if (result.outcome === 'failed') return result;
  const outputProblem = tooDeep(tool, result.output) ?? validateOutput(tool, result.output);
  return outputProblem ? failure(outputProblem, result.sandbox) : result;
}

/** Deeper values would not pass the doors of the bus. The envelope around a value adds a few levels. */
const MOST_DEPTH = MOST_JSON_DEPTH - 20;

function tooDeep(tool: CatalogTool, output: JsonValue): FailureError | null {
  const depth = jsonDepth(output);
  if (depth <= MOST_DEPTH) return null;
  return new FailureError('tool_output_invalid', `The output of tool ${tool.manifest.name} is nested ${depth} levels deep; the limit is ${MOST_DEPTH}.`, { detail: { value: depth, limit: MOST_DEPTH } });
}

function failure(error: FailureError, sandbox: SandboxResult['sandbox']): SandboxResult {
  return { outcome: 'failed', failure: error.failure, sandbox };
}
