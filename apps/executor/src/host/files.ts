import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileStore } from '@trivet/state';

/** Documents a tool may read: names and texts, never paths. */
export interface DocumentSource {
  list(): Promise<{ name: string; bytes: number }[]>;
  /** The text of a document, or null when there is none of this name. */
  read(name: string): Promise<string | null>;
}

const TEXT_FILE = /\.(md|txt|json|csv|html)$/;

/** The files that a tenant uploaded, as texts; what is no UTF-8 is none. */
export function uploadedDocuments(store: Pick<FileStore, 'list' | 'readText'>, tenant: string): DocumentSource {
  return {
    list: async () => (await store.list(tenant)).map(({ name, bytes, text }) => ({ name, bytes: text?.bytes ?? bytes })),
    read: async (name) => {
      const text = await store.readText(tenant, name);
      if (!text) return null;
      try {
        return new TextDecoder('utf-8', { fatal: true }).decode(text);
      } catch {
        return '';
      }
    },
  };
}

/** The documents of `own`; while there are none, those of `sample`. */
export function documentsOr(own: DocumentSource, sample: DocumentSource): DocumentSource {
  let chosen: Promise<DocumentSource> | null = null;
  const choose = (): Promise<DocumentSource> => (chosen ??= own.list().then((documents) => (documents.length > 0 ? own : sample)));
  return { list: async () => (await choose()).list(), read: async (name) => (await choose()).read(name) };
}

/**
 * The text files of one folder, read once. A name is looked up among the names that were found; it is never joined to a
 * path, so there is no name that leads out of the folder.
 */
export function folderDocuments(folder: string): DocumentSource {
  let loading: Promise<Map<string, string>> | null = null;
  const load = (): Promise<Map<string, string>> => (loading ??= readFolder(folder));
  return {
    list: async () => [...(await load())].map(([name, text]) => ({ name, bytes: Buffer.byteLength(text) })),
    read: async (name) => (await load()).get(name) ?? null,
  };
}

async function readFolder(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { withFileTypes: true });
  // Only plain files: a link could point anywhere.
  const names = entries.filter((entry) => entry.isFile() && TEXT_FILE.test(entry.name)).map(({ name }) => name).sort();
  return new Map(await Promise.all(names.map(async (name): Promise<[string, string]> => [name, await readFile(join(folder, name), 'utf8')])));
}
