import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { launchContained, planContained, type Launch } from '../sandbox/launch.js';
import type { ExtractProblem, Extracted } from './extract/main.js';

/** What a document came to: its text, or why it has none. */
export type DocumentText = { text: string; pages: number; notice: string | null } | { text: null; pages: number | null; notice: string };

export interface TextExtractor {
  /** The text of a PDF. Never rejects for what is wrong with the document. Throws an Error when too many wait. */
  extract: (content: Uint8Array) => Promise<DocumentText>;
}

const EXTRACT_FILE = fileURLToPath(new URL('../../dist/extract.mjs', import.meta.url));
const DEADLINE_MS = 15_000;
const HEAP_MIB = 192;
const DATA_MIB = 500;
const MOST_OUTPUT_BYTES = 16 * 1_048_576;
const MOST_WAITING = 16;

export class TooManyDocuments extends Error {}

/** One document at a time, each in a process of its own with the containment of a slot: whoever sends a PDF may have written it against us. */
export function createTextExtractor({ deadlineMs = DEADLINE_MS }: { deadlineMs?: number } = {}): TextExtractor {
  let launch: Launch | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return {
    extract: async (content) => {
      if (waiting >= MOST_WAITING) throw new TooManyDocuments(`${MOST_WAITING} documents wait to be read.`);
      launch ??= planExtraction(deadlineMs);
      const plan = launch;
      waiting += 1;
      const reading = last.then(() => readInProcess(plan, content, deadlineMs)).finally(() => (waiting -= 1));
      last = reading.catch(() => undefined);
      return reading;
    },
  };
}

function planExtraction(deadlineMs: number): Launch {
  if (!existsSync(EXTRACT_FILE)) throw new Error(`The program that reads documents is not built (${EXTRACT_FILE} is missing); run npm run build.`);
  return planContained({ file: EXTRACT_FILE, dataMib: DATA_MIB, cpuSeconds: Math.ceil(deadlineMs / 1000) + 5, options: [`--max-old-space-size=${HEAP_MIB}`, '--max-semi-space-size=8', '--stack-size=900', '--disallow-code-generation-from-strings', '--no-addons', '--disable-proto=delete'] });
}

type Ending = { output: string } | { problem: Problem };
type Problem = ExtractProblem | 'timeout' | 'memory' | 'crashed';

async function readInProcess(launch: Launch, content: Uint8Array, deadlineMs: number): Promise<DocumentText> {
  const ending = await run(launchContained(launch, ['pipe', 'pipe', 'pipe']), content, deadlineMs);
  if ('problem' in ending) return { text: null, pages: null, notice: sentenceOf(ending.problem, deadlineMs) };
  // Written by our own program; a document that took it over could say anything in it, which is text and nothing more.
  const extracted: Extracted = JSON.parse(ending.output);
  if ('problem' in extracted) return { text: null, pages: null, notice: sentenceOf(extracted.problem, deadlineMs) };
  const { pages, total, truncated, failed } = extracted;
  const text = pages.filter((page) => page !== '').join('\n\n');
  if (text === '') return { text: null, pages: total, notice: failed > 0 ? `None of its ${total} pages can be read.` : 'It has no text, only pictures of it perhaps; only text can be searched.' };
  const notices = [truncated ? `Only its first ${pages.length} of ${total} pages were read: it is too long.` : '', failed > 0 ? `${failed} of its pages cannot be read.` : ''].filter((notice) => notice !== '');
  return { text, pages: total, notice: notices.join(' ') || null };
}

function run(child: ChildProcess, content: Uint8Array, deadlineMs: number): Promise<Ending> {
  return new Promise((resolve) => {
    const output: Buffer[] = [];
    let [bytes, complaints] = [0, ''];
    let stopped: Problem | null = null;
    const stop = (problem: Problem): void => {
      stopped ??= problem;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => stop('timeout'), deadlineMs);
    child.stdout?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MOST_OUTPUT_BYTES) stop('too_large');
      else output.push(chunk);
    });
    child.stderr?.on('data', (chunk: Buffer) => (complaints = `${complaints}${chunk.toString('utf8')}`.slice(-4096)));
    child.on('error', () => stop('crashed'));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (stopped !== null) resolve({ problem: stopped });
      else if (code === 0) resolve({ output: Buffer.concat(output).toString('utf8') });
      else resolve({ problem: signal === 'SIGABRT' || signal === 'SIGSEGV' || signal === 'SIGTRAP' || /memory|heap|allocation/i.test(complaints) ? 'memory' : 'crashed' });
    });
    // It may end before it has read all.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(content);
  });
}

function sentenceOf(problem: Problem, deadlineMs: number): string {
  switch (problem) {
    case 'not_a_pdf':
      return 'It is called a PDF and is none, so its text cannot be read.';
    case 'encrypted':
      return 'It is encrypted; without its password its text cannot be read.';
    case 'damaged':
      return 'It is damaged or incomplete, so its text cannot be read.';
    case 'too_large':
      return 'It unpacks to more than is read (32 MiB in one piece, 512 MiB in all).';
    case 'too_complex':
      return 'It is built too deeply to be read.';
    case 'timeout':
      return `It could not be read within ${deadlineMs / 1000} s.`;
    case 'memory':
      return `It takes more than ${DATA_MIB} MiB of memory to read.`;
    case 'crashed':
      return 'The program that reads documents ended over it.';
    default:
      return problem satisfies never;
  }
}
