import { subjects, type Bus } from '@trivet/bus';
import { ExtractAnswer, FailureError } from '@trivet/contracts';
import type { Blobs } from '@trivet/state';

export interface ReadText {
  /** UTF-8; null when the document has none that can be read. */
  text: Uint8Array | null;
  pages: number | null;
  /** Why not, or why not all. */
  notice: string | null;
}

/** The text of a PDF. Throws a FailureError unavailable when no executor answers. */
export type TextAsker = (tenant: string, content: Uint8Array) => Promise<ReadText>;

/** Longer than a few documents take that were sent before. */
const WITHIN_MS = 60_000;

/** Asks an executor: a document that somebody uploads may be written against whoever reads it, and only there it is contained. */
export function createTextAsker(bus: Pick<Bus, 'request'>, blobs: Blobs): TextAsker {
  return async (tenant, content) => {
    const { body, errorCode } = await bus.request(subjects.rpc('executor', 'extract'), { tenant, content: await blobs.put(content) }, { timeoutMs: WITHIN_MS }).catch((error: unknown) => {
      if (!(error instanceof FailureError)) throw error;
      throw new FailureError('unavailable', 'No executor answers, and only an executor reads PDFs.', { cause: error, hint: 'Start an executor and upload again; the file was not kept.' });
    });
    const answer = ExtractAnswer.safeParse(body);
    if (errorCode !== null || !answer.success) throw new FailureError('unavailable', 'The executor could not read the PDF now.', { hint: 'Upload again in a while; the file was not kept.' });
    const { text, pages, notice } = answer.data;
    return { text: text && (await blobs.get(text)), pages, notice };
  };
}

const PDF_MARK = '%PDF-';

/** By its name, or by how it begins. */
export const isPdf = (name: string, content: Uint8Array): boolean => /\.pdf$/i.test(name) || Buffer.from(content.subarray(0, PDF_MARK.length)).toString('latin1') === PDF_MARK;
