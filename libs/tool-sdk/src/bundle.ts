import { fileURLToPath } from 'node:url';

const guestEntry = ['./guest/index.js', './guest/index.ts'].map((path) => fileURLToPath(new URL(path, import.meta.url)));

/**
 * Bundles a tool's TypeScript or JavaScript, with everything it imports, to one script that registers its `run`.
 * Throws an Error with esbuild's own lines (file, line, column) when it does not bundle.
 */
export async function bundleTool(entryFile: string): Promise<string> {
  const { build } = await import('esbuild');
  const { existsSync } = await import('node:fs');
  const guest = guestEntry.find((path) => existsSync(path));
  if (!guest) throw new Error('The guest library of the tool SDK is missing; run npm run build.');
  const imports = `import { serve } from '@trivet/tool-sdk/guest';\nimport { run } from ${JSON.stringify(entryFile)};\nserve(run);\n`;
  const result = await build({
    stdin: { contents: imports, resolveDir: fileURLToPath(new URL('..', import.meta.url)), loader: 'ts' },
    alias: { '@trivet/tool-sdk/guest': guest },
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['import', 'module', 'default'],
    target: 'es2023',
    minify: true,
    keepNames: false,
    legalComments: 'none',
    logLevel: 'silent',
  });
  const script = result.outputFiles[0]?.text;
  if (!script) throw new Error(`${entryFile} bundles to nothing.`);
  return script;
}
