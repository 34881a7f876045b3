import { z } from 'zod';
import { BlobReference } from './blob.js';
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
    text: z.object({ sha256: Sha256, bytes: z.number().int().min(0) }).optional().describe('Of a PDF: its text, which is what tools read of it.'),
    pages: z.number().int().min(0).optional().describe('Of a PDF that can be read.'),
    workflowId: Identifier.optional().describe('Of a file that a tool wrote.'),
    stepId: Identifier.optional(),
    notice: z.string().optional().describe('Why tools cannot read it, or not all of it.'),
  })
  .meta({ id: 'StoredFile', description: 'A file of a tenant' });
export type StoredFile = z.infer<typeof StoredFile>;

export const FilesQuery = z.strictObject({ workflowId: Identifier.optional().describe('Only those that its tools wrote.') });

/** The most files that one call writes. */
export const MOST_ARTEFACTS = 20;

/** A file that a call wrote: it travels with the result, and is kept with it or not at all. */
export const Artefact = z
  .object({ name: FileName, type: z.string().min(1).max(200), content: BlobReference })
  .meta({ id: 'Artefact', description: 'A file that a tool call wrote' });
export type Artefact = z.infer<typeof Artefact>;

/** The orchestrator asks an executor for the text of a document; both travel by reference. */
export const ExtractRequest = z.object({ tenant: Identifier, content: BlobReference }).meta({ id: 'ExtractRequest', description: 'Read the text of a document' });
export type ExtractRequest = z.infer<typeof ExtractRequest>;
export const ExtractAnswer = z
  .object({ text: BlobReference.nullable().describe('UTF-8; null when there is none.'), pages: z.number().int().min(0).nullable(), notice: z.string().nullable() })
  .meta({ id: 'ExtractAnswer', description: 'The text of a document, or why it has none' });
export type ExtractAnswer = z.infer<typeof ExtractAnswer>;
