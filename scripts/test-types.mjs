/**
 * Checks the types of the tests, which the build leaves out: each workspace with its own settings, against what the
 * build of the others declares (so it comes after `tsc -b`).
 */
import fs from 'node:fs';
import path from 'node:path';
import { program, root, runThrough } from './stages.mjs';

const folder = path.join(root, '.cache', 'test-types');
fs.mkdirSync(folder, { recursive: true });

const { references } = JSON.parse(fs.readFileSync(path.join(root, 'tsconfig.json'), 'utf8'));
const queue = references.map((reference) => reference.path).filter(hasTests);
if (hasTests('scripts')) queue.push('scripts');

let failures = 0;
await Promise.all([worker(), worker()]);
process.exitCode = failures > 0 ? 1 : 0;

async function worker() {
  for (let workspace = queue.shift(); workspace !== undefined; workspace = queue.shift()) {
    if ((await runThrough(program('tsc'), ['-p', writeConfig(workspace)])) !== 0) failures += 1;
  }
}

function writeConfig(workspace) {
  const own = path.join(root, workspace, 'tsconfig.json');
  const source = workspace === 'scripts' ? path.join(root, 'scripts') : path.join(root, workspace, 'src');
  const file = path.join(folder, `${workspace.replaceAll('/', '-')}.json`);
  const config = {
    extends: fs.existsSync(own) ? own : path.join(root, 'tsconfig.base.json'),
    compilerOptions: { composite: false, incremental: false, noEmit: true, allowJs: true, checkJs: false, rootDir: root, tsBuildInfoFile: null, typeRoots: [path.join(root, 'node_modules', '@types')] },
    include: [`${source}/**/*.ts`, `${source}/**/*.tsx`, `${path.join(root, workspace, 'hostile')}/**/*.ts`],
    exclude: [`${root}/**/*.as.ts`],
    references: [],
  };
  fs.writeFileSync(file, JSON.stringify(config, null, 2));
  return file;
}

function hasTests(workspace) {
  const source = path.join(root, workspace, workspace === 'scripts' ? '' : 'src');
  return fs.existsSync(source) && fs.readdirSync(source, { recursive: true }).some((name) => /\.(spec|e2e)\.tsx?$/.test(name));
}
