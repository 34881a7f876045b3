import { z } from 'zod';
import { Identifier, Sha256 } from './identifier.js';

/** The largest file that is taken; tools read it whole, in one host call. */
export const MOST_FILE_BYTES = 3 * 1_048_576;
export const MOST_FILES = 500;

export const FileName = z.string().regex(/^[\p{L}\p{N}_-][\p{L}\p{N}_. -]{0,127}$/u, 'must be 1 to 128 letters, digits, spaces, and . _ - , not beginning with a dot or a space');

/** A file that a tenant keeps here, for its tools to read. */
export const StoredFile = z
  .object({
    name: FileName,
    type: z.string().describe('Media type.'),
    bytes: z.number().int().min(0).max(MOST_FILE_BYTES),
    sha256: Sha256,
    tenant: Identifier,
    uploadedAt: z.string(),
    uploadedBy: z.string(),
  })
  .meta({ id: 'StoredFile', description: 'A file of a tenant' });
export type StoredFile = z.infer<typeof StoredFile>;
