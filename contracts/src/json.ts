import { z } from 'zod';

/** Any JSON value: what tools take and give, and what expressions are evaluated to. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };
/** What JSON text was parsed to is JSON all the way down: looking at each value again would cost more than the parsing. */
export const Json: z.ZodType<JsonValue> = z
  .custom<JsonValue>((value) => value !== undefined && typeof value !== 'function' && typeof value !== 'symbol' && typeof value !== 'bigint', 'must be a JSON value')
  .meta({ id: 'JsonValue', description: 'Any JSON value' });

export type JsonObject = { [key: string]: JsonValue };
export const JsonRecord: z.ZodType<JsonObject> = z.record(z.string(), Json);

/**
 * The canonical text of a JSON value: keys sorted, no white space, undefined left out. Two bodies that mean the
 * same give the same text, whatever order their sender wrote the keys in.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value ?? null);
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value) text += `${text === '' ? '' : ','}${canonicalJson(item ?? null)}`;
    return `[${text}]`;
  }
  const keys = Object.keys(value);
  if (!isSorted(keys)) keys.sort();
  for (const key of keys) {
    const item: unknown = Reflect.get(value, key);
    if (item !== undefined) text += `${text === '' ? '"' : ',"'}${isPlain(key) ? key : JSON.stringify(key).slice(1, -1)}":${canonicalJson(item)}`;
  }
  return `{${text}}`;
}

/** Of letters and digits only: it needs no escape. */
const isPlain = (key: string): boolean => /^\w*$/.test(key);

function isSorted(keys: readonly string[]): boolean {
  for (let index = 1; index < keys.length; index += 1) if ((keys[index - 1] ?? '') > (keys[index] ?? '')) return false;
  return true;
}
