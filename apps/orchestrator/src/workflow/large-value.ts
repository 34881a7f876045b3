import { createHash } from 'node:crypto';
import { INLINE_LIMIT_BYTES, type BlobReference, type JsonValue } from '@trivet/contracts';
import type { Effect } from './transition.js';

/** A value as it travels in an event: inline when small, else by reference together with the effect that stores it. */
export function travelling(value: JsonValue): { inline: JsonValue; effects: [] } | { reference: BlobReference; effects: [Effect] } {
  const json = JSON.stringify(value);
  const bytes = Buffer.byteLength(json);
  if (bytes <= INLINE_LIMIT_BYTES) return { inline: value, effects: [] };
  const reference = { blob: createHash('sha256').update(json).digest('hex'), bytes };
  return { reference, effects: [{ do: 'store', reference, json }] };
}
