import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { launchContained, planContained, type Launch } from '../sandbox/launch.js';
import { Reaper } from '../sandbox/reaper.js';
import type { ExtractProblem, Extracted } from './extract/main.js';

/** What a document came to: its text, or why it has none. */
export type DocumentText = { text: string; pages: number; notice: string | null } | { text: null; pages: number | null; notice: string };

export interface TextExtractor {
  /** The text of a PDF. Never rejects for what is wrong with the document. Throws TooManyDocuments when others wait already. */
  extract: (content: Uint8Array, tenant: string) => Promise<DocumentText>;
}

const EXTRACT_FILE = fileURLToPath(new URL('../../dist/extract.mjs', import.meta.url));
const DEADLINE_MS = 10_000;
const HEAP_MIB = 192;
const DATA_MIB = 500;
const MOST_OUTPUT_BYTES = 16 * 1_048_576;
/** At the deadline of each they are through before whoever asked gives up: nobody's document is read for nothing. */
const MOST_AT_HAND = 5;
/** So that no tenant fills the line. */
const MOST_OF_TENANT = 2;
const MOST_REMEMBERED = 500;
/** Not for longer: what took too long on a busy machine may be read on a quiet one. */
const REMEMBERED_MS = 300_000;

export class TooManyDocuments extends Error {}

/** One document at a time, each in a process of its own with the containment of a slot: whoever sends a PDF may have written it against us. */
export function createTextExtractor({ deadlineMs = DEADLINE_MS }: { deadlineMs?: number } = {}): TextExtractor {
  let launch: Launch | null = null;
  let last: Promise<unknown> = Promise.resolve();
  const atHand: string[] = [];
  const reaper = new Reaper();
  /** Why documents have no text, by their sha256: one that took all of its time takes it once. */
  const withoutText = new Map<string, { found: DocumentText; until: number }>();
  const remembered = (digest: string): DocumentText | undefined => {
    const known = withoutText.get(digest);
    return known && known.until > performance.now() ? known.found : undefined;
  };

  async function read(content: Uint8Array, digest: string): Promise<DocumentText> {
    launch ??= planExtraction(deadlineMs);
    const found = await readInProcess(launch, content, deadlineMs, reaper);
    if (found.text === null) {
      const [oldest] = withoutText.keys();
      if (oldest !== undefined && withoutText.size >= MOST_REMEMBERED) withoutText.delete(oldest);
      withoutText.set(digest, { found, until: performance.now() + REMEMBERED_MS });
    }
    return found;
  }

  return {
    extract: async (content, tenant) => {
      const digest = createHash('sha256').update(content).digest('hex');
      const known = remembered(digest);
      if (known) return known;
      if (atHand.length >= MOST_AT_HAND || atHand.filter((each) => each === tenant).length >= MOST_OF_TENANT) throw new TooManyDocuments(`${atHand.length} documents wait to be read.`);
      atHand.push(tenant);
      const reading = last.then(() => remembered(digest) ?? read(content, digest)).finally(() => atHand.splice(atHand.indexOf(tenant), 1));
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

async function readInProcess(launch: Launch, content: Uint8Array, deadlineMs: number, reaper: Reaper): Promise<DocumentText> {
  const child = launchContained(launch, ['pipe', 'pipe', 'pipe']);
  const { pid } = child;
  if (pid !== undefined) reaper.add(pid);
  const ending = await run(child, content, deadlineMs).finally(() => void (pid !== undefined && reaper.drop(pid)));
  const extracted = 'problem' in ending ? ending : readOutput(ending.output);
  if ('problem' in extracted) return { text: null, pages: null, notice: sentenceOf(extracted.problem, deadlineMs) };
  const { pages, truncated, failed } = extracted;
  const total = Math.max(0, extracted.total);
  const text = pages.filter((page) => page !== '').join('\n\n');
  if (text === '') return { text: null, pages: total, notice: failed > 0 ? `None of its ${total} pages can be read.` : 'It has no text, only pictures of it perhaps; only text can be searched.' };
  const notices = [truncated ? `Only its first ${pages.length} of ${total} pages were read: it is too long.` : '', failed > 0 ? `${failed} of its pages cannot be read.` : ''].filter((notice) => notice !== '');
  return { text, pages: total, notice: notices.join(' ') || null };
}

const Output = z.union([
  z.object({ pages: z.array(z.string()), total: z.number().int(), truncated: z.boolean(), failed: z.number().int() }),
  z.object({ problem: z.enum(['not_a_pdf', 'encrypted', 'damaged', 'too_large', 'too_complex']) }),
]);

/** Written by our own program, unless a document took it over. */
function readOutput(text: string): Extracted | { problem: Problem } {
  try {
    const { data } = Output.safeParse(JSON.parse(text));
    return data ?? { problem: 'crashed' };
  } catch {
    return { problem: 'crashed' };
  }
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
