import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../exit-codes.js';
import type { SavedFile } from './manifest.js';

const READ_BYTES = 1024 * 1024;

/** A file of a backup as it is written, part by part. */
export interface FileInMaking {
  write: (part: Uint8Array) => Promise<void>;
  /** Resolves when all is on disk. */
  finish: () => Promise<SavedFile>;
}

export function createFile(folder: string, file: string): FileInMaking {
  const output = createWriteStream(join(folder, file), { mode: 0o600, flush: true });
  const failed = once(output, 'error').then(([error]) => Promise.reject(error));
  failed.catch(() => undefined);
  const hash = createHash('sha256');
  let bytes = 0;
  return {
    write: async (part) => {
      hash.update(part);
      bytes += part.length;
      if (!output.write(part)) await Promise.race([once(output, 'drain'), failed]);
    },
    finish: async () => {
      output.end();
      await Promise.race([once(output, 'close'), failed]);
      return { file, bytes, sha256: hash.digest('hex') };
    },
  };
}

export const readParts = (folder: string, { file }: Pick<SavedFile, 'file'>): AsyncIterable<Uint8Array> => createReadStream(join(folder, file), { highWaterMark: READ_BYTES });

/** @throws UsageError when a file is not as it was written */
export async function checkFile(folder: string, { file, bytes, sha256 }: SavedFile): Promise<void> {
  const hash = createHash('sha256');
  let found = 0;
  try {
    for await (const part of readParts(folder, { file })) {
      hash.update(part);
      found += part.length;
    }
  } catch (error) {
    throw new UsageError(`${join(folder, file)} of the backup cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (found !== bytes) throw new UsageError(`${join(folder, file)} has ${found} bytes, and the backup was made with ${bytes}; nothing was restored`);
  if (hash.digest('hex') !== sha256) throw new UsageError(`${join(folder, file)} has changed since the backup was made (its sha256 is another one); nothing was restored`);
}
