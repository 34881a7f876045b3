import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ToolManifest, type Tool } from '@trivet/contracts';

const PLUGINS = fileURLToPath(new URL('../../../executor/plugins', import.meta.url));

/** The tools that come with the executor, as their manifests say. */
export async function bundledTools(): Promise<Tool[]> {
  const folders = (await readdir(PLUGINS, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => join(PLUGINS, entry.name, 'tool.json'));
  const texts = await Promise.all(folders.map((file) => readFile(file, 'utf8').catch(() => null)));
  return texts.flatMap((text) => (text === null ? [] : [{ ...ToolManifest.parse(JSON.parse(text)), digest: 'f'.repeat(64), bundled: true }]));
}
