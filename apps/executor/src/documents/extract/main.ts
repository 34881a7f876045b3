import { readFileSync, writeSync } from 'node:fs';
import { boundBuffers, TooLarge } from './bounds.js';
import { readPdf, type ReadPdf } from './read-pdf.js';

/**
 * The process that reads a PDF: its bytes on stdin, one JSON document on stdout. It is started without environment, network
 * or files, and killed at its deadline (see ../extract-text.ts).
 */
export type Extracted = ReadPdf | { problem: ExtractProblem };
export type ExtractProblem = 'not_a_pdf' | 'encrypted' | 'damaged' | 'too_large' | 'too_complex';

const HEAD_BYTES = 1024;

function finish(extracted: Extracted): never {
  const bytes = Buffer.from(JSON.stringify(extracted));
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EAGAIN') process.exit(1);
    }
  }
  process.exit(0);
}

function problemOf(error: unknown): ExtractProblem {
  if (error instanceof TooLarge) return 'too_large';
  if (error instanceof RangeError) return 'too_complex';
  return error instanceof Error && error.name === 'PasswordException' ? 'encrypted' : 'damaged';
}

// pdf.js warns on the console; nothing but the result may reach stdout.
for (const name of ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const) console[name] = () => undefined;
const fail = (error: unknown): void => finish({ problem: problemOf(error) });
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

const content = readFileSync(0);
if (!content.subarray(0, HEAD_BYTES).toString('latin1').includes('%PDF-')) finish({ problem: 'not_a_pdf' });
boundBuffers({ largestBytes: 32 * 1_048_576, allBytes: 512 * 1_048_576, exceeded: () => finish({ problem: 'too_large' }) });
readPdf(content).then(finish, fail);
