import { z } from 'zod';

/** The one form every id takes that can reach a subject, a key or a path: no dot, space, wildcard or line break. */
export const ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

/** An id chosen by a client or by us: workflow, tenant, step, user, session, tool. */
export const Identifier = z
  .string()
  .regex(ID_PATTERN, 'must match ^[A-Za-z0-9_-]{1,64}$ (letters, digits, _ and -, at most 64)');

/** A sha256 digest in lower-case hexadecimal. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits');

/** A tool by its name, or one version of it: `name`, `name@1.2.0`, `name@sha256:<digest>`. */
export const TOOL_REFERENCE_PATTERN = /^[A-Za-z0-9_-]{1,64}(@(\d+\.\d+\.\d+(-[0-9A-Za-z.-]{1,64})?|sha256:[0-9a-f]{64}))?$/;

export const ToolReference = z.string().regex(TOOL_REFERENCE_PATTERN, 'must be the name of a tool, or name@1.2.0, or name@sha256: and the 64 digits of its digest');

/** The name in a reference to a tool. */
export const toolNameOf = (reference: string): string => reference.split('@', 1)[0] ?? reference;

export const isIdentifier = (value: unknown): value is string => typeof value === 'string' && ID_PATTERN.test(value);
