import type { z } from 'zod';
import { FailureError, type FailureCode, type FieldError } from './failure.js';

/**
 * Parses a value by a schema, or throws one FailureError that lists every mistake with its JSON pointer.
 * @param subject what is being parsed, for the message ('the task', 'tool.json of csv_query')
 */
export function parseOrFail<Schema extends z.ZodType>(schema: Schema, value: unknown, subject: string, code: FailureCode = 'invalid_request'): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.flatMap(fieldErrors);
  throw new FailureError(code, `${capitalise(subject)} is not valid: ${sentenceOf(errors)}`, { errors });
}

const MOST_NAMED = 5;

/** Mistakes as one sentence: all of them when they are few, the first ones and their number when they are many. */
export function sentenceOf(errors: readonly FieldError[]): string {
  const named = errors.slice(0, MOST_NAMED).map((error) => `${error.pointer || 'the body'} ${error.detail}`).join('; ');
  return errors.length === 1 ? `${named}.` : `${errors.length} mistakes: ${named}${errors.length > MOST_NAMED ? '; …' : '.'}`;
}

function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const pointer = pointerOf(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ pointer: `${pointer}/${key}`, detail: 'is not a field this takes' }));
  }
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => ({ pointer, detail: `is a name that ${message}` }));
  if (issue.code === 'invalid_union' && issue.errors.length > 0) return [{ pointer, detail: `fits none of the forms it may have: ${[...new Set(issue.errors.map(formOf))].join('; or ')}` }];
  return [{ pointer, detail: issue.message }];
}

/** Why a value is not of one of several forms. */
const formOf = (issues: readonly z.core.$ZodIssue[]): string => issues.slice(0, MOST_NAMED).flatMap(fieldErrors).map(({ pointer, detail }) => (pointer === '' ? detail : `${pointer} ${detail}`)).join(', ');

export function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

const capitalise = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Deeper nesting than this is refused before it is parsed: it could only exhaust the stack. */
export const MOST_JSON_DEPTH = 100;

/**
 * Parses JSON text from outside.
 * @throws FailureError invalid_request: not JSON, nested too deep, or with a key that could reach a prototype
 */
export function parseJsonText(text: string, subject: string): unknown {
  const depth = nestingOf(text);
  if (depth > MOST_JSON_DEPTH) throw new FailureError('invalid_request', `${capitalise(subject)} is nested ${depth} levels deep; the limit is ${MOST_JSON_DEPTH}.`);
  let value: unknown;
  try {
    value = JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text);
  } catch (error) {
    throw new FailureError('invalid_request', `${capitalise(subject)} is not JSON: ${error instanceof Error ? error.message : 'unreadable'}`);
  }
  if (text.includes('__proto__') || text.includes('\\u005f')) refusePrototypeKeys(value, '', subject);
  return value;
}

/** The deepest nesting of arrays and objects in JSON text, without parsing it. */
export function nestingOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (inString) {
      if (unit === 92) index += 1;
      else if (unit === 34) inString = false;
    } else if (unit === 34) inString = true;
    else if (unit === 91 || unit === 123) deepest = Math.max(deepest, ++depth);
    else if (unit === 93 || unit === 125) depth -= 1;
  }
  return deepest;
}

function refusePrototypeKeys(value: unknown, pointer: string, subject: string): void {
  if (value === null || typeof value !== 'object') return;
  for (const [key, item] of Object.entries(value)) {
    const at = `${pointer}${pointerOf([key])}`;
    if (key === '__proto__') throw new FailureError('invalid_request', `${capitalise(subject)} has the key __proto__ at ${at}, which no field of Trivet is called.`, { errors: [{ pointer: at, detail: 'is not a field this takes' }] });
    refusePrototypeKeys(item, at, subject);
  }
}
