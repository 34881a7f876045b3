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
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null';
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return canonicalList(value);
      return canonicalObject(value);
    default:
      return JSON.stringify(value ?? null);
  }
}

function canonicalList(items: readonly unknown[]): string {
  let text = '';
  for (const item of items) text += `${text === '' ? '' : ','}${canonicalJson(item ?? null)}`;
  return `[${text}]`;
}

function canonicalObject(value: object): string {
  // Entries and not Reflect.get: a look-up by name on objects of many forms is slow.
  const entries: [string, unknown][] = Object.entries(value);
  if (!isSorted(entries)) entries.sort(([left], [right]) => (left < right ? -1 : 1));
  let text = '';
  for (const [key, item] of entries) if (item !== undefined) text += `${text === '' ? '' : ','}${keyText(key)}${canonicalJson(item)}`;
  return `{${text}}`;
}

function isSorted(entries: readonly [string, unknown][]): boolean {
  for (let index = 1; index < entries.length; index += 1) if ((entries[index - 1]?.[0] ?? '') > (entries[index]?.[0] ?? '')) return false;
  return true;
}

/** Keys as they are written, for the few names that nearly all objects have. */
const keyTexts = new Map<string, string>();
const MOST_KEYS = 500;
const LONGEST_KEY = 40;

function keyText(key: string): string {
  const known = keyTexts.get(key);
  if (known !== undefined) return known;
  const text = `${JSON.stringify(key)}:`;
  if (keyTexts.size < MOST_KEYS && key.length <= LONGEST_KEY) keyTexts.set(key, text);
  return text;
}
