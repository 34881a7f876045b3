import { buildOnce, interpreterSource, mergeModules, packageFile, sha256 } from './merge-modules.js';

/**
 * The base interpreter: QuickJS, its stubs and the Extism shim merged to one module that imports nothing but
 * `extism:host/env` and `extism:host/user`. Built once (about two seconds, nothing downloaded) and kept under the
 * hash of what it is made of.
 */
export async function baseInterpreter(): Promise<Uint8Array> {
  const quickjs = await packageFile('quickjs-wasi/quickjs.wasm');
  const [wasi, env, main] = await Promise.all([interpreterSource('stubs-wasi.wat'), interpreterSource('stubs-env.wat'), interpreterSource('shim.wat')]);
  const parts = [{ name: 'quickjs', content: quickjs }, { name: 'wasi_snapshot_preview1', content: wasi }, { name: 'env', content: env }, { name: 'main', content: main }];
  return buildOnce('quickjs', sha256([sha256(quickjs), wasi, env, main].join('\0')), (folder) => mergeModules(folder, parts));
}
