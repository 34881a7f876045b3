import { HostError, files } from '@trivet/tool-sdk/guest';
import { parseDocument, type Document } from './front-matter.js';

/** What results from the bundled sample documents are marked with. */
export const OFFLINE_SOURCE = 'sample corpus (offline)';

export function readDocuments(): Document[] {
  return files.list().map(({ name }) => parseDocument(name, files.read(name)));
}

/** Whether the network is to blame, so that the sample corpus may answer instead. A denial is never a reason. */
export const isNetworkError = (error: unknown): boolean => error instanceof HostError && error.code.startsWith('network_');

const CORPUS_HOST = 'https://corpus.trivet.example/';

export const isCorpusUrl = (url: string): boolean => url.startsWith(CORPUS_HOST);
