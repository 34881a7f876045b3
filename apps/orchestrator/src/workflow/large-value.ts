import { createHash } from 'node:crypto';
import { INLINE_LIMIT_BYTES, type BlobReference, type JsonValue } from '@trivet/contracts';
import type { Effect } from './transition.js';

/** A value as it travels in an event: inline when small, else by reference together with the effect that stores it. */
export function travelling(value: JsonValue, limitBytes = INLINE_LIMIT_BYTES): { inline: JsonValue; effects: [] } | { reference: BlobReference; effects: [Effect] } {
  const json = JSON.stringify(value);
  const bytes = Buffer.byteLength(json);
  if (bytes <= limitBytes) return { inline: value, effects: [] };
  const reference = { blob: createHash('sha256').update(json).digest('hex'), bytes };
  return { reference, effects: [{ do: 'store', reference, value, json }] };
}

/** The same as the fields `input` and `inputRef` of an event. */
export function travellingInput(value: JsonValue): { fields: { input: JsonValue } | { inputRef: BlobReference }; effects: Effect[] } {
  const travel = travelling(value);
  return { fields: 'reference' in travel ? { inputRef: travel.reference } : { input: travel.inline }, effects: travel.effects };
}

/** The same as the fields `output` and `outputRef` of an event. */
export function travellingOutput(value: JsonValue): { fields: { output: JsonValue } | { outputRef: BlobReference }; effects: Effect[] } {
  const travel = travelling(value);
  return { fields: 'reference' in travel ? { outputRef: travel.reference } : { output: travel.inline }, effects: travel.effects };
}
