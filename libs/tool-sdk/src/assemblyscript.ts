import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);

/** The plugin development kit in AssemblyScript; a tool imports it as "trivet". */
export const PDK_FILE = fileURLToPath(new URL('../assemblyscript/trivet.ts', import.meta.url));

/**
 * Compiles one AssemblyScript file to an Extism plugin of a few kilobytes. Throws an Error with the compiler's own lines.
 * Memory grows as the plugin asks; the limit is put in at admission.
 */
export async function compileAssemblyScript(entryFile: string): Promise<Uint8Array> {
  const compiler = join(dirname(require.resolve('assemblyscript/package.json')), 'bin', 'asc.js');
  const folder = await mkdtemp(join(tmpdir(), 'trivet-asc-'));
  const outFile = join(folder, 'plugin.wasm');
  const options = ['--outFile', outFile, '--lib', dirname(PDK_FILE), '--runtime', 'stub', '-O3', '--exportStart', '_initialize', '--use', 'abort=~lib/trivet/abort'];
  try {
    await runCompiler([compiler, basename(entryFile), ...options], dirname(entryFile));
    return new Uint8Array(await readFile(outFile));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function runCompiler(command: string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, command, { cwd }, (error, stdout, stderr) => {
      if (error) reject(new Error(`AssemblyScript does not compile:\n${stderr.trim() || stdout.trim() || error.message}`));
      else resolve();
    });
  });
}
