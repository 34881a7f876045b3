import { FailureError, type ModelResult, type ToolResult } from '@trivet/contracts';
import type { Blobs, WorkflowRef } from '@trivet/state';
import type { Runner } from '../runner/runner.js';
import type { Files } from './files.js';

export interface ArtefactParts {
  files: Pick<Files, 'put'>;
  blobs: Pick<Blobs, 'get'>;
  runner: Pick<Runner, 'read'>;
}

/** Keeps the files that a call wrote, before its result is recorded: the result as it is, or a failure when one of them cannot be kept. */
export type KeepArtefacts = (ref: WorkflowRef, result: ToolResult | ModelResult) => Promise<ToolResult | ModelResult>;

/** A crash in between repeats it with the same names and contents. The result of a call that is no longer waited for keeps nothing. */
export function createArtefactKeeper({ files, blobs, runner }: ArtefactParts): KeepArtefacts {
  return async (ref, result) => {
    if (!('artefacts' in result) || !result.artefacts?.length || result.failure) return result;
    const { stepId, callId, artefacts } = result;
    const step = (await runner.read(ref))?.steps.get(stepId);
    if (step?.status !== 'scheduled' || step.callId !== callId) return result;
    const by = { tenant: ref.tenant, actor: `workflow ${ref.workflowId}` };
    try {
      for (const { name, type, content } of artefacts) await files.put(by, { name, type, content: await blobs.get(content), from: { workflowId: ref.workflowId, stepId } });
      return result;
    } catch (error) {
      if (!(error instanceof FailureError) || error.failure.code === 'unavailable') throw error;
      const { output: _, outputRef: __, ...rest } = result;
      return { ...rest, failure: { ...error.failure, message: `A file that the call wrote cannot be kept: ${error.failure.message}` } };
    }
  };
}
