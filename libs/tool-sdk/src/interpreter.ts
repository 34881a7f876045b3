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
const watFolder = join(packageFolder, 'interpreter');
const outputFolder = join(packageFolder, 'dist', 'interpreter');

/**
 * The base interpreter: QuickJS, its stubs and the Extism shim merged to one module that imports nothing but
 * `extism:host/env` and `extism:host/user`. Built once (about two seconds, nothing downloaded) and kept under the
 * hash of what it is made of.
 */
export async function baseInterpreter(): Promise<Uint8Array> {
  const quickjs = await readFile(require.resolve('quickjs-wasi/quickjs.wasm'));
  const wat = await Promise.all(['stubs-wasi', 'stubs-env', 'shim'].map((name) => readFile(join(watFolder, `${name}.wat`), 'utf8')));
  const digest = createHash('sha256').update(quickjs).update(wat.join('\0')).digest('hex').slice(0, 16);
  const built = join(outputFolder, `quickjs-${digest}.wasm`);
  if (!existsSync(built)) await merge(quickjs, wat, built);
  return new Uint8Array(await readFile(built));
}

const features = ['bulk-memory', 'sign-ext', 'mutable-globals', 'nontrapping-float-to-int', 'multivalue', 'reference-types'].map((name) => `--enable-${name}`);

async function merge(quickjs: Uint8Array, wat: readonly string[], target: string): Promise<void> {
  await mkdir(outputFolder, { recursive: true });
  const folder = await mkdtemp(join(outputFolder, 'merge-'));
  try {
    await writeFile(join(folder, 'quickjs.wasm'), quickjs);
    for (const [index, text] of wat.entries()) await writeFile(join(folder, `${index}.wasm`), await compileWat(text, `part ${index}`));
    const merger = join(dirname(require.resolve('binaryen/package.json')), 'bin', 'wasm-merge');
    const parts = ['quickjs.wasm', 'quickjs', '0.wasm', 'wasi_snapshot_preview1', '1.wasm', 'env', '2.wasm', 'main'];
    await run(process.execPath, [merger, ...parts, '-o', 'merged.wasm', ...features], { cwd: folder });
    await rename(join(folder, 'merged.wasm'), target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
