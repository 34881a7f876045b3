import { canonicalJson, type JsonValue, type ToolCase } from '@trivet/contracts';
import type { SandboxResult } from '../sandbox/result.js';

const SHOWN = 300;

/** What is wrong with a result, by a case of cases.json; null when nothing is. */
export function mistakeInCase({ output, contains, failure }: ToolCase, result: SandboxResult): string | null {
  if (failure) return mistakeInFailure(failure, result);
  if (result.outcome === 'failed') return `failed with ${result.failure.code}: ${result.failure.message}`;
  if (contains) {
    const missing = Object.entries(contains).filter(([field, value]) => !hasField(result.output, field, value));
    return missing.length === 0 ? null : `gave ${shown(result.output)}, in which ${missing.map(([field]) => field).join(', ')} must be as the case says`;
  }
  if (output === undefined || canonicalJson(output) === canonicalJson(result.output)) return null;
  return `gave ${shown(result.output)} and not ${shown(output)}`;
}

function mistakeInFailure(failure: NonNullable<ToolCase['failure']>, result: SandboxResult): string | null {
  if (result.outcome === 'completed') return `gave ${shown(result.output)} and did not fail with ${failure.code}`;
  if (result.failure.code !== failure.code) return `failed with ${result.failure.code} and not with ${failure.code}: ${result.failure.message}`;
  return result.failure.message.includes(failure.message ?? '') ? null : `failed with the words ${JSON.stringify(result.failure.message)}, which do not contain ${JSON.stringify(failure.message)}`;
}

const hasField = (output: JsonValue, field: string, value: JsonValue | undefined): boolean =>
  output !== null && typeof output === 'object' && !Array.isArray(output) && Object.hasOwn(output, field) && canonicalJson(output[field] ?? null) === canonicalJson(value ?? null);

const shown = (value: JsonValue): string => JSON.stringify(value).slice(0, SHOWN);
