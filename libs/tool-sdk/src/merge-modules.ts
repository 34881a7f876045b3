import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { compileWat } from './wat.js';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const packageFolder = fileURLToPath(new URL('..', import.meta.url));
const outputFolder = join(packageFolder, 'dist', 'interpreter');

/** One module of a merge: its name is what the others import it by. Text is assembled first. */
export interface MergePart {
  name: string;
  content: Uint8Array | string;
}

/** The text of a file in the folder `interpreter`. */
export const interpreterSource = (name: string): Promise<string> => readFile(join(packageFolder, 'interpreter', name), 'utf8');

/** The bytes of a file in an installed package. */
export const packageFile = (path: string): Promise<Uint8Array> => readFile(require.resolve(path));

export const sha256 = (value: Uint8Array | string): string => createHash('sha256').update(value).digest('hex');

const building = new Map<string, Promise<Uint8Array>>();

/**
 * Makes a file of dist/interpreter, named after `recipe` (a hash of all it is made of), unless it is there already; once
 * also for those who ask while it is being made.
 */
export function buildOnce(name: string, recipe: string, make: (folder: string) => Promise<Uint8Array>): Promise<Uint8Array> {
  const target = join(outputFolder, `${name}-${recipe.slice(0, 16)}.wasm`);
  const module = building.get(target) ?? readOrBuild(target, make);
  building.set(target, module);
  return module;
}

async function readOrBuild(target: string, make: (folder: string) => Promise<Uint8Array>): Promise<Uint8Array> {
  if (existsSync(target)) return new Uint8Array(await readFile(target));
  await mkdir(outputFolder, { recursive: true });
  const folder = await mkdtemp(join(outputFolder, 'build-'));
  try {
    const module = await make(folder);
    await writeFile(join(folder, 'finished.wasm'), module);
    await rename(join(folder, 'finished.wasm'), target);
    return module;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const FEATURES = ['bulk-memory', 'sign-ext', 'mutable-globals', 'nontrapping-float-to-int', 'multivalue', 'reference-types', 'exception-handling'].map((name) => `--enable-${name}`);

/** Runs one of binaryen's programs in a folder. Throws an Error with what it says. */
export async function runBinaryen(folder: string, program: string, programArguments: readonly string[]): Promise<void> {
  const file = join(dirname(require.resolve('binaryen/package.json')), 'bin', program);
  await run(process.execPath, [file, ...programArguments, ...FEATURES], { cwd: folder });
}

/** Merges modules that import each other to one; only what none of them exports is imported by it. */
export async function mergeModules(folder: string, parts: readonly MergePart[]): Promise<Uint8Array> {
  for (const { name, content } of parts) await writeFile(join(folder, `${name}.wasm`), typeof content === 'string' ? await compileWat(content, name) : content);
  await runBinaryen(folder, 'wasm-merge', [...parts.flatMap(({ name }) => [`${name}.wasm`, name]), '-o', 'merged.wasm']);
  return new Uint8Array(await readFile(join(folder, 'merged.wasm')));
}
