import type { BlobReference, JsonValue } from '@trivet/contracts';
import { travellingOutput } from '../large-value.js';
import type { StepState, WorkflowState } from '../state.js';
import type { Outcome, Surroundings } from '../transition.js';
import { ownCall } from './fail-step.js';
import { releaseOf } from './end-steps.js';

type Open = Extract<StepState, { status: 'open' }>;

/** A step that the orchestrator itself carried through has its output. */
export function completeStep(state: WorkflowState, step: Open, output: JsonValue | { reference: BlobReference }, around: Surroundings): Outcome {
  const value = isReference(output) ? { fields: { outputRef: output.reference }, effects: [] } : travellingOutput(output);
  return {
    facts: [{ type: 'step.completed', data: { stepId: step.id, call: ownCall(step, 'completed', around), ...value.fields } }],
    effects: [...releaseOf(state, step), ...value.effects],
  };
}

const isReference = (output: JsonValue | { reference: BlobReference }): output is { reference: BlobReference } =>
  output !== null && typeof output === 'object' && !Array.isArray(output) && 'reference' in output && typeof output.reference === 'object' && output.reference !== null && 'blob' in output.reference;
