import type { Failure, FailureCode, JsonValue, SandboxFigures } from '@trivet/contracts';

/** What a call in the sandbox came to. A failure of the tool is a result like any other; run() throws only on our own defects. */
export type SandboxResult = ({ outcome: 'completed'; output: JsonValue; snapshot?: Uint8Array } | { outcome: 'failed'; failure: Failure }) & { sandbox: SandboxFigures };

export const EMPTY_FIGURES: SandboxFigures = { wallMs: 0, cpuMs: 0, peakMemoryMib: 0, hostCalls: 0, bytesIn: 0, bytesOut: 0 };

export function failed(code: FailureCode, message: string, detail: Failure['detail'], sandbox: SandboxFigures): SandboxResult {
  return { outcome: 'failed', failure: { code, message, ...(detail ? { detail } : {}) }, sandbox };
}
