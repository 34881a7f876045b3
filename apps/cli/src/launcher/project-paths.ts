import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the checkout; this file is four folders below it, both as source and as build output. */
export const projectRoot = resolve(fileURLToPath(new URL('.', import.meta.url)), '..', '..', '..', '..');

/** Fetched servers and stamps; safe to delete. */
export const cacheDir = join(projectRoot, '.cache');
