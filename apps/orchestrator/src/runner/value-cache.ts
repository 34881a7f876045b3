import type { BlobReference, JsonValue } from '@trivet/contracts';
import type { Blobs } from '@trivet/state';

const MOST_BYTES = 64 * 1024 * 1024;

/** Values by reference that were needed last: the list of a map is needed once for each of its items. */
export function createValueCache(blobs: Pick<Blobs, 'load'>): (reference: BlobReference) => Promise<JsonValue> {
  const known = new Map<string, { value: JsonValue; bytes: number }>();
  let bytes = 0;
  return async (reference) => {
    const found = known.get(reference.blob);
    if (found) {
      known.delete(reference.blob);
      known.set(reference.blob, found);
      return found.value;
    }
    const value = await blobs.load(reference);
    known.set(reference.blob, { value, bytes: reference.bytes });
    bytes += reference.bytes;
    for (const [blob, entry] of known) {
      if (bytes <= MOST_BYTES || blob === reference.blob) break;
      known.delete(blob);
      bytes -= entry.bytes;
    }
    return value;
  };
}
