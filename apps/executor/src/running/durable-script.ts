import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from '@trivet/contracts';
import type { ScriptSnapshots, WorkflowRef } from '@trivet/state';
import type { SandboxResult } from '../sandbox/result.js';

/** A script of a code step that waits for the world: each run gets the results of what it awaited before. */
export interface DurableScript {
  /** sha256 of all it was given at its beginning. */
  id: string;
  results: readonly JsonValue[];
  /** What its clock says, at each run. */
  startedAtMs: number | null;
}

/** Null for every other call. */
export function durableScriptOf(tool: string, input: JsonValue): DurableScript | null {
  const given = tool.startsWith('code_') ? asObject(input) : null;
  const durable = asObject(given?.['durable']);
  if (!given || !durable) return null;
  const { results, ...rest } = durable;
  return { id: sha256({ ...given, durable: rest }), results: Array.isArray(results) ? results : [], startedAtMs: typeof rest['startedAtMs'] === 'number' ? rest['startedAtMs'] : null };
}

const asObject = (value: JsonValue | undefined): JsonObject | null => (value !== null && typeof value === 'object' && !Array.isArray(value) ? value : null);
const sha256 = (value: JsonValue): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

export interface ScriptRun {
  snapshots: ScriptSnapshots;
  ref: WorkflowRef;
  script: DurableScript;
  /** sha256 of the interpreter. */
  interpreter: string;
  run: (snapshot: Uint8Array | null) => Promise<SandboxResult>;
  /** Told what went wrong and did not matter. */
  onError: (error: unknown) => void;
}

/**
 * Runs a script from where its last snapshot was taken, and keeps the next. Its interpreter is deterministic, so that its memory follows from the
 * module, what it was given and the results until then; a snapshot is gone on with only where all of these are the same. One that is missing, cannot be
 * kept, or is of another interpreter leaves a script that is run from its beginning, to the same end.
 */
export async function runFromSnapshot({ snapshots, ref, script, interpreter, run, onError }: ScriptRun): Promise<SandboxResult> {
  const ignore = (error: unknown): null => {
    onError(error);
    return null;
  };
  const madeOf = (results: number): string => sha256([interpreter, script.id, ...script.results.slice(0, results)]);
  const kept = script.results.length === 0 ? null : await snapshots.find(ref, script.id).catch(ignore);
  const usable = kept && kept.results <= script.results.length && kept.madeOf === madeOf(kept.results) ? kept.bytes : null;
  const first = await run(usable);
  const result = usable && first.outcome === 'failed' && WORTH_ANOTHER.includes(first.failure.code) ? await run(null) : first;
  const isWaiting = result.outcome === 'completed' && waits(result.output);
  if (isWaiting && result.snapshot) await snapshots.put(ref, script.id, { madeOf: madeOf(script.results.length), results: script.results.length, bytes: result.snapshot }).catch(ignore);
  else if (kept && !isWaiting) await snapshots.remove(ref, script.id).catch(ignore);
  return result;
}

/** It may also ask for something and end without waiting for it. */
const waits = (output: JsonValue): boolean => asObject(output)?.['waiting'] === true;

/** How a call ends for which there was too little room beside its snapshot, or which a bad one led astray. */
const WORTH_ANOTHER: readonly string[] = ['tool_memory_exceeded', 'tool_crashed', 'tool_trapped'];
