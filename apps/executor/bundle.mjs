// Bundles the programs of contained processes to one file each: such a process may read nothing but that file, so it cannot load anything else.
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const common = { bundle: true, platform: 'node', target: 'node20', logLevel: 'warning', legalComments: 'none' };

export async function bundleSlot(outfile = here('dist/slot.cjs')) {
  await build({
    ...common,
    entryPoints: [here('src/sandbox/slot/main.ts')],
    outfile,
    format: 'cjs',
    // Extism reads this once for features the slot does not use.
    define: { 'import.meta.url': '"file:///slot.cjs"' },
  });
  return outfile;
}

/** The program that reads PDFs, with pdf.js and its character maps inside. */
export async function bundleExtract(outfile = here('dist/extract.mjs')) {
  await build({ ...common, entryPoints: [here('src/documents/extract/main.ts')], outfile, format: 'esm', loader: { '.bcmap': 'binary' }, minify: true });
  return outfile;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await Promise.all([bundleSlot(), bundleExtract()]);
