/** Who wrote an entry. */
export interface MemorySource {
  workflowId: string;
  stepId: string;
  callId: string;
  tool: string;
  user?: string;
  session?: string;
}

/** All of an entry but its text and its vector. */
export interface MemoryHead {
  id: string;
  writtenAtMs: number;
  /** Null: it stays. */
  expiresAtMs: number | null;
  /** Of text and metadata, so that what did not change is known without reading it. */
  hash: string;
  /** What made its vector. */
  model: string;
  source: MemorySource;
}

/**
 * As it is kept: `<written> <expires or 0> <hash> <model> <source>`. The scripts write the times, by Redis' clock, and compare the hash;
 * they read no JSON.
 */
export function parseHead(id: string, text: string): MemoryHead {
  const [written = '', expires = '', hash = '', model = ''] = text.split(' ', 4);
  const source: MemorySource = JSON.parse(text.slice(written.length + expires.length + hash.length + model.length + 4));
  return { id, writtenAtMs: Number(written), expiresAtMs: expires === '0' ? null : Number(expires), hash, model: decodeURIComponent(model), source };
}

/** A name of a model may have spaces; this has none. */
export const modelWord = encodeURIComponent;
