import { memory } from '@trivet/tool-sdk/guest';
import type { Document } from '../sources/front-matter.js';
import { snippet, words } from '../sources/ranking.js';
import { chunksOf, type Chunk } from './chunks.js';
import type { Hit } from './merge-rankings.js';

/** Where the pieces of the documents are kept, with their vectors. */
const COLLECTION = 'docs_search';
/** What one request may carry, with room to spare. */
const SYNCED_AT_ONCE = 1_000;
const SYNCED_CHARACTERS = 600_000;
/** Most that one search gives: several pieces may be of one document. */
const MOST_FOUND = 50;

/** The documents that have the pieces nearest to the query. Only pieces that are new or changed are embedded. */
export function searchByMeaning(documents: readonly Document[], query: string, limit: number): { hits: Hit[]; notice?: string } {
  keep(chunksOf(documents));
  const { hits, notice } = memory.search(query, { collection: COLLECTION, limit: MOST_FOUND });
  const terms = words(query);
  const best = new Map<string, Hit>();
  for (const { text, metadata, score } of hits) {
    const ref = String(metadata['ref']);
    if (!best.has(ref)) best.set(ref, { title: String(metadata['title']), ref, snippet: snippet(text.slice(text.indexOf('\n') + 1), terms), score: Math.round(score * 1_000) / 1_000 });
  }
  return { hits: [...best.values()].slice(0, limit), ...(notice === undefined ? {} : { notice }) };
}

/** Makes the collection these pieces, one stretch of ids after the other. */
function keep(chunks: readonly Chunk[]): void {
  const batches = batchesOf(chunks);
  for (const [index, batch] of batches.entries()) {
    const [from, before] = [index > 0 ? batch[0]?.id : undefined, batches[index + 1]?.[0]?.id];
    memory.sync(COLLECTION, batch, { ...(from === undefined ? {} : { from }), ...(before === undefined ? {} : { before }) });
  }
}

function batchesOf(chunks: readonly Chunk[]): Chunk[][] {
  const batches: Chunk[][] = [[]];
  let characters = 0;
  for (const chunk of chunks) {
    const last = batches.at(-1) ?? [];
    if (last.length > 0 && (last.length >= SYNCED_AT_ONCE || characters + chunk.text.length > SYNCED_CHARACTERS)) {
      batches.push([chunk]);
      characters = 0;
    } else last.push(chunk);
    characters += chunk.text.length;
  }
  return batches;
}
