import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const TRIVET = fileURLToPath(new URL('../../../bin/trivet.mjs', import.meta.url));
/** A hang is what this catches. */
const WITHIN_MS = 60_000;

export interface TrivetRun {
  /** Null when it was ended because it did not end by itself. */
  status: number | null;
  stdout: string;
  stderr: string;
}

/**
 * One command of the command line, with nothing of this process's environment but the path. The process stays free
 * meanwhile: it is the one address of a stack of several orchestrators, which could not answer while it waits.
 */
export function runTrivet(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<TrivetRun> {
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'] ?? '', ...environment };
    const child = execFile(process.execPath, [TRIVET, ...words], { timeout: WITHIN_MS, env }, (_, stdout, stderr) => resolve({ status: child.exitCode, stdout, stderr }));
  });
}
