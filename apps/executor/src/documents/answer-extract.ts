import { ExtractRequest, FailureError, parseOrFail, type ExtractAnswer } from '@trivet/contracts';
import type { Blobs } from '@trivet/state';
import { TooManyDocuments, type TextExtractor } from './extract-text.js';

/** Answers with the text of a document. @throws FailureError invalid_request, not_found, unavailable */
export async function answerExtract({ blobs, extractor }: { blobs: Blobs; extractor: TextExtractor }, body: unknown): Promise<ExtractAnswer> {
  const { content, tenant } = parseOrFail(ExtractRequest, body, 'the request for the text of a document');
  const { text, pages, notice } = await extractor.extract(await blobs.get(content), tenant).catch((error: unknown) => {
    if (error instanceof TooManyDocuments) throw new FailureError('unavailable', error.message, { cause: error, hint: 'Ask again in a few seconds.' });
    throw error;
  });
  return { text: text === null ? null : await blobs.put(Buffer.from(text)), pages, notice };
}
