import { z } from 'zod';

/** One environment variable: what it is called, how it is read, and a sentence for whoever has to set it. */
export interface Variable<Schema extends z.ZodType = z.ZodType> {
  name: string;
  /** From the text of the variable (undefined when unset) to the value the app uses. */
  schema: Schema;
  sentence: string;
  /** Its value never appears in a message or a log. */
  secret: boolean;
}

/** The variables of one app, by the property each becomes in its configuration. */
export type Variables = Readonly<Record<string, Variable>>;

/** @param sentence what it is for, as a full sentence; it becomes the documentation. */
export function variable<Schema extends z.ZodType>(name: string, schema: Schema, sentence: string, options: { secret?: boolean } = {}): Variable<Schema> {
  return { name, schema, sentence, secret: options.secret ?? false };
}

export function wholeNumber({ min = 0, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {}) {
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
  return z
    .string()
    .refine((text) => /^-?\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max, `must be a whole number ${range}`)
    .transform(Number);
}

export const port = () => wholeNumber({ max: 65_535 });

/** 1 or true, 0 or false. */
export const flag = () =>
  z
    .string()
    .refine((text) => /^(1|0|true|false)$/i.test(text), 'must be 1 or 0')
    .transform((text) => /^(1|true)$/i.test(text));

export const text = () => z.string();

/** Host names separated by commas, in small letters; no scheme, port or path. */
export const names = () =>
  z
    .string()
    .transform((given) => given.split(',').map((name) => name.trim().toLowerCase()).filter((name) => name !== ''))
    .refine((list) => list.every((name) => /^[a-z0-9_.-]+$/.test(name)), 'must be host names separated by commas, without scheme, port or path');

export const choice = <const Values extends readonly [string, ...string[]]>(values: Values) =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` });

/** One URL, or several separated by commas where the client can try them in turn. */
export const url = (protocols: readonly string[]) =>
  z.string().refine(
    (given) => given.split(',').every((part) => URL.canParse(part.trim()) && protocols.includes(new URL(part.trim()).protocol)),
    `must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  );

/** A Redis, or the Sentinels that know which of several is the primary. */
export const redisUrl = () =>
  z.string().refine(
    (given) => /^redis-sentinel:\/\/([^@/]*@)?[^@/,\s]+(,[^@/,\s]+)*\/[\w.-]+$/.test(given) || (URL.canParse(given) && ['redis:', 'rediss:'].includes(new URL(given).protocol)),
    'must be a URL that begins with redis:// or rediss://, or redis-sentinel://host:port,host:port/<name of the primary>',
  );

/** The text of a variable's default for people; undefined when it has none. */
export function defaultOf(of: Variable): string | undefined {
  const parsed = of.schema.safeParse(undefined);
  if (!parsed.success || parsed.data === undefined) return undefined;
  if (typeof parsed.data === 'boolean') return parsed.data ? '1' : '0';
  return String(parsed.data);
}

/** Whether the app cannot start without it. */
export const isRequired = (of: Variable): boolean => !of.schema.safeParse(undefined).success;
