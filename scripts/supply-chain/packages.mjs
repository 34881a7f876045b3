/** What package-lock.json installs, read without installing anything. */
import fs from 'node:fs';
import path from 'node:path';

/** Workspaces that are no part of what runs: their packages are there to test with. */
const TESTS_ONLY = ['apps/e2e', 'libs/testing'];
const DASHBOARD = 'apps/dashboard';

/**
 * Every installed package, in the order of its path: `{ path, name, version, licence, integrity, use, needs }`. `use` is
 * 'runs' for what a running service loads or the dashboard's pages hold, 'builds' for what only builds and tests need;
 * `needs` are the paths of the packages it asks for.
 */
export function readPackages(lock, bundled) {
  const installed = lock.packages;
  const running = reachable(installed, rootsOf(installed, bundled));
  return Object.entries(installed)
    .filter(([place, { link }]) => place.includes('node_modules/') && !link)
    .map(([place, entry]) => ({
      path: place,
      name: entry.name ?? nameOf(place),
      version: entry.version,
      licence: entry.license,
      integrity: entry.integrity,
      use: running.has(place) ? 'runs' : 'builds',
      needs: needsOf(installed, place),
    }))
    .toSorted((left, right) => (left.path < right.path ? -1 : 1));
}

/** The lock file of this repository, and what the dashboard's sources import: Vite puts it into the pages, so that it is shipped although it stands under `devDependencies`. */
export function readOwnPackages(root) {
  const lock = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  return readPackages(lock, importedBy(path.join(root, DASHBOARD, 'src')));
}

function importedBy(folder) {
  const files = fs.readdirSync(folder, { recursive: true }).filter((file) => /\.tsx?$/.test(file) && !/\.(spec|e2e)\./.test(file));
  const specifiers = files.flatMap((file) => [...fs.readFileSync(path.join(folder, file), 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^.'][^']*)'/g)].map(([, specifier]) => specifier));
  return [...new Set(specifiers.map((specifier) => specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')))];
}

function rootsOf(installed, bundled) {
  const workspaces = Object.keys(installed).filter((place) => !place.includes('node_modules/') && !TESTS_ONLY.includes(place));
  const named = workspaces.flatMap((place) => Object.keys({ ...installed[place].dependencies, ...installed[place].optionalDependencies }).map((name) => find(installed, place, name)));
  return [...named, ...bundled.map((name) => find(installed, DASHBOARD, name))].filter((place) => place !== undefined);
}

function reachable(installed, roots) {
  const seen = new Set();
  const queue = [...roots];
  for (let place = queue.pop(); place !== undefined; place = queue.pop()) {
    if (seen.has(place)) continue;
    seen.add(place);
    queue.push(...needsOf(installed, place));
  }
  return seen;
}

function needsOf(installed, place) {
  const { dependencies, optionalDependencies, peerDependencies = {}, peerDependenciesMeta = {} } = installed[place];
  const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
  const names = [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers];
  return [...new Set(names.map((name) => find(installed, place, name)).filter((found) => found !== undefined))].toSorted();
}

/** Where Node finds a package that the one at `place` asks for: in its own node_modules, or in those of the folders above it. */
function find(installed, place, name) {
  for (let folder = place; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const candidate = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    const entry = installed[candidate];
    if (entry) return entry.link ? entry.resolved : candidate;
    if (folder === '') return undefined;
  }
}

const nameOf = (place) => place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
