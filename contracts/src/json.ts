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
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value ?? null);
  let text = '';
  for (const [key, item] of Object.entries(value).sort(byKey)) {
    if (item !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(item)}`;
  }
  return `{${text}}`;
}

const byKey = ([left]: [string, unknown], [right]: [string, unknown]): number => (left < right ? -1 : 1);
