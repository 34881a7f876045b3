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
  const first = errors[0];
  const summary = errors.length === 1 && first ? `${first.pointer || 'the body'} ${first.detail}` : `${errors.length} mistakes`;
  throw new FailureError(code, `${capitalise(subject)} is not valid: ${summary}`, { errors });
}

function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const pointer = pointerOf(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ pointer: `${pointer}/${key}`, detail: 'is not a field this takes' }));
  }
  return [{ pointer, detail: issue.message }];
}

export function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

const capitalise = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
