// Bundles the sandbox process to one file: it may read nothing but that file, so it cannot load anything else.
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export async function bundleSlot(outfile = here('dist/slot.cjs')) {
  await build({
    entryPoints: [here('src/sandbox/slot/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // Extism reads this once for features the slot does not use.
    define: { 'import.meta.url': '"file:///slot.cjs"' },
    logLevel: 'warning',
    legalComments: 'none',
  });
  return outfile;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleSlot();
