import { z } from 'zod';

/** Any JSON value: what tools take and give, and what expressions are evaluated to. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };
export const Json: z.ZodType<JsonValue> = z.json();

export type JsonObject = { [key: string]: JsonValue };
export const JsonRecord: z.ZodType<JsonObject> = z.record(z.string(), Json);

/**
 * The canonical text of a JSON value: keys sorted, no white space, undefined left out. Two bodies that mean the
 * same give the same text, whatever order their sender wrote the keys in.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([left], [right]) => (left < right ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
  }
  return JSON.stringify(value ?? null);
}
