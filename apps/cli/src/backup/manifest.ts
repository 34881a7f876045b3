import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../exit-codes.js';

/** Of the files of a backup; another number is another form. */
export const FORMAT = 1;
export const MANIFEST = 'backup.json';

const SavedFile = z.object({ file: z.string().regex(/^[A-Za-z-]+\.[a-z]+$/), bytes: z.number().int().min(0), sha256: z.string().length(64) });
const SavedState = z.looseObject({ messages: z.number().int(), first_seq: z.number().int(), last_seq: z.number().int() });

const Manifest = z.object({
  format: z.number().int().describe('Which form the files have.'),
  trivet: z.string().describe('The version that made it.'),
  startedAt: z.string().describe('Redis is as it was then, or a little later; the streams are a little newer.'),
  finishedAt: z.string(),
  redis: SavedFile.extend({ version: z.string() }).nullable().describe('null: only NATS was backed up.'),
  streams: z.array(SavedFile.extend({ name: z.string(), config: z.looseObject({}), state: SavedState })),
});
export type Manifest = z.infer<typeof Manifest>;
export type SavedFile = z.infer<typeof SavedFile>;

/** @throws UsageError: no backup, not a whole one, or one of a later version */
export function readManifest(folder: string, version: string): Manifest {
  let text: string;
  try {
    text = readFileSync(join(folder, MANIFEST), 'utf8');
  } catch {
    throw new UsageError(`${folder} holds no ${MANIFEST}, so it is no backup, or one that was cut short`);
  }
  const parsed = Manifest.safeParse(parse(text));
  if (!parsed.success) throw new UsageError(`${join(folder, MANIFEST)} is not what trivet backup writes: ${parsed.error.issues.map(({ path, message }) => `${path.join('/')} ${message}`).join('; ').slice(0, 300)}`);
  if (parsed.data.format > FORMAT) throw new UsageError(`the backup has the form ${parsed.data.format}, and this version reads up to ${FORMAT}; restore it with Trivet ${parsed.data.trivet} or later`);
  if (isLater(parsed.data.trivet, version)) throw new UsageError(`the backup was made by Trivet ${parsed.data.trivet}, and this is ${version}; restore it with that version or a later one`);
  return parsed.data;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether the version `left` is later than `right`, both as `1.2.3`. */
export function isLater(left: string, right: string): boolean {
  const [ours, theirs] = [left, right].map((version) => version.split('.').map((part) => Number.parseInt(part, 10) || 0));
  for (let index = 0; index < 3; index += 1) {
    const difference = (ours?.[index] ?? 0) - (theirs?.[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
