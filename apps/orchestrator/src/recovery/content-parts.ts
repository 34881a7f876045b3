/** One part of the content of a module or file, which is larger than a message may be. */
export interface ContentPart {
  /** sha256 of the whole content. */
  digest: string;
  /** From 0. */
  part: number;
  /** How many there are. */
  of: number;
  base64: string;
}

/** Well below what a message may hold, as base64 too. */
const PART_BYTES = 384 * 1024;

/** At least one part: an empty content is one too. */
export function splitContent(digest: string, content: Uint8Array): ContentPart[] {
  const of = Math.max(1, Math.ceil(content.length / PART_BYTES));
  return Array.from({ length: of }, (_, part) => ({ digest, part, of, base64: Buffer.from(content.subarray(part * PART_BYTES, (part + 1) * PART_BYTES)).toString('base64') }));
}

/** The contents by digest of which every part is there; parts may come in any order, and more than once. */
export function joinContents(parts: Iterable<ContentPart>): ReadonlyMap<string, Uint8Array> {
  const byDigest = new Map<string, { of: number; bytes: Map<number, Buffer> }>();
  for (const { digest, part, of, base64 } of parts) {
    const known = byDigest.get(digest) ?? { of, bytes: new Map<number, Buffer>() };
    known.bytes.set(part, Buffer.from(base64, 'base64'));
    byDigest.set(digest, known);
  }
  const whole = [...byDigest].filter(([, { of, bytes }]) => bytes.size === of);
  return new Map(whole.map(([digest, { bytes }]) => [digest, Buffer.concat([...bytes].sort(([left], [right]) => left - right).map(([, piece]) => piece))]));
}
