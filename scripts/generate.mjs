/**
 * Writes what is generated: JSON Schemas, the AsyncAPI document, .env.example, docs/environment.md and docs/licences.md. The
 * sources are the built contracts, the variables of the built apps and package-lock.json.
 *
 *   node scripts/generate.mjs                writes what changed
 *   node scripts/generate.mjs --check        writes nothing; exits 1 with the list of stale files
 *   node scripts/generate.mjs --root <dir>   reads and writes the files below another folder
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const WORKSPACE = resolve(import.meta.dirname, '..');
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false }, root: { type: 'string', default: WORKSPACE } } });
const root = resolve(values.root);

const wanted = await generateAll();
const stale = [...changedFiles(wanted), ...surplusSchemas(wanted)];
if (values.check) reportStale();
else writeFiles();

async function generateAll() {
  execFileSync(process.execPath, [join(WORKSPACE, 'node_modules/typescript/bin/tsc'), '-b', 'contracts', 'libs/service'], { cwd: WORKSPACE, stdio: 'inherit' });
  const { generateSchemas } = await import('./generate/schemas.mjs');
  const { generateAsyncapi } = await import('./generate/asyncapi.mjs');
  const { generateOpenapi } = await import('./generate/openapi.mjs');
  const { generateEnvironment } = await import('./generate/environment.mjs');
  const { generateLicences } = await import('./generate/licences.mjs');
  return new Map([...generateSchemas(), ...generateAsyncapi(), ...generateOpenapi(), ...(await generateEnvironment(WORKSPACE)), ...generateLicences(WORKSPACE)]);
}

function changedFiles(files) {
  return [...files].filter(([path, text]) => !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== text).map(([path]) => path);
}

/** Schemas of nouns that are no more. */
function surplusSchemas(files) {
  const folder = join(root, 'contracts/schemas');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((name) => `contracts/schemas/${name}`).filter((path) => !files.has(path));
}

function reportStale() {
  if (stale.length === 0) {
    console.log(`${wanted.size} generated files are up to date.`);
    return;
  }
  console.error(`Generated files that are out of date (run: npm run generate):\n${stale.map((path) => `  ${path}`).join('\n')}`);
  process.exitCode = 1;
}

function writeFiles() {
  for (const path of stale) {
    const text = wanted.get(path);
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (text === undefined) rmSync(join(root, path));
    else writeFileSync(join(root, path), text);
  }
  console.log(stale.length === 0 ? `${wanted.size} generated files were up to date.` : `Wrote ${stale.length} of ${wanted.size} generated files:\n${stale.map((path) => `  ${path}`).join('\n')}`);
}
