import type { JsonValue } from '@trivet/contracts';

/** An input without its fields that are null: an expression that finds nothing leaves its field out. */
export function withoutNulls(value: JsonValue): JsonValue {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null));
}
