/**
 * Installs and builds when, and only when, something changed since the last time. Two stamps tell: the hash of the lock file
 * (kept inside node_modules, so that it goes when node_modules goes) and the time of the last build (in .cache).
 */
import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const SOURCE_FOLDERS = ['contracts', 'libs', 'apps'];
const SOURCE_FILES = ['package.json', 'nx.json', 'tsconfig.base.json', 'tsconfig.json'];
const NOT_SOURCE = new Set(['node_modules', 'dist', '.nx', '.trivet', '.cache', 'coverage']);
const LOCK_WAIT_MS = 600000;

/**
 * Makes sure that node_modules and (unless `build` is false) every dist folder are up to date.
 * `say` gets one line per thing that is really done.
 */
export async function prepare(root, say, { build = true } = {}) {
  if (!installNeeded(root) && !(build && buildNeeded(root))) return;
  await withLock(root, say, async () => {
    if (installNeeded(root)) {
      say('Installing packages (npm ci) …');
      await run(root, 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
      writeInstallStamp(root);
    }
    if (build && buildNeeded(root)) {
      say('Building …');
      const startedAt = new Date();
      await run(root, 'npm', ['run', '--silent', 'build'], { NX_DAEMON: 'false', NX_TUI: 'false' });
      writeBuildStamp(root, startedAt);
    }
  });
}

/** True when node_modules is missing or the lock file changed since it was filled. */
export function installNeeded(root) {
  const stamp = readText(installStampPath(root));
  if (stamp !== undefined) return stamp !== lockHash(root);
  if (!installedByHandAfterLock(root)) return true;
  writeInstallStamp(root);
  return false;
}

/** True when a source, or a folder (a deleted file changes it), is newer than the last build, or an output is missing. */
export function buildNeeded(root) {
  const builtAt = modifiedAt(buildStampPath(root));
  if (builtAt === undefined || missingOutput(root)) return true;
  if (SOURCE_FILES.some((file) => (modifiedAt(path.join(root, file)) ?? 0) > builtAt)) return true;
  return SOURCE_FOLDERS.some((folder) => newerThan(path.join(root, folder), builtAt));
}

function newerThan(folder, builtAt) {
  let entries;
  try {
    entries = fs.readdirSync(folder, { withFileTypes: true });
  } catch {
    return false;
  }
  for (const entry of entries) {
    if (NOT_SOURCE.has(entry.name) || entry.name.endsWith('.tsbuildinfo')) continue;
    const full = path.join(folder, entry.name);
    if (entry.isDirectory() ? newerThan(full, builtAt) : fs.statSync(full).mtimeMs > builtAt) return true;
  }
  // A package's own folder also changes when its dist or node_modules appears; only folders of sources count.
  return folder.split(path.sep).includes('src') && fs.statSync(folder).mtimeMs > builtAt;
}

/** What a build makes of what an app starts with: a program, or a page. */
const OUTPUTS = [
  ['src/main.ts', 'dist/main.js'],
  ['index.html', 'dist/index.html'],
];

function missingOutput(root) {
  const appsFolder = path.join(root, 'apps');
  const apps = fs.existsSync(appsFolder) ? fs.readdirSync(appsFolder) : [];
  return apps.some((app) => OUTPUTS.some(([source, output]) => fs.existsSync(path.join(appsFolder, app, source)) && !fs.existsSync(path.join(appsFolder, app, output))));
}

function installedByHandAfterLock(root) {
  const installedAt = modifiedAt(path.join(root, 'node_modules', '.package-lock.json'));
  const lockedAt = modifiedAt(path.join(root, 'package-lock.json'));
  return installedAt !== undefined && lockedAt !== undefined && installedAt >= lockedAt;
}

function writeInstallStamp(root) {
  fs.writeFileSync(installStampPath(root), lockHash(root));
}

function writeBuildStamp(root, startedAt) {
  fs.mkdirSync(path.dirname(buildStampPath(root)), { recursive: true });
  fs.writeFileSync(buildStampPath(root), startedAt.toISOString());
  // The start of the build, not its end: a file saved while it ran must count as newer.
  fs.utimesSync(buildStampPath(root), startedAt, startedAt);
}

function installStampPath(root) {
  return path.join(root, 'node_modules', '.trivet-lock-hash');
}

function buildStampPath(root) {
  return path.join(root, '.cache', 'build-stamp');
}

function lockHash(root) {
  return createHash('sha256').update(readText(path.join(root, 'package-lock.json')) ?? '').digest('hex');
}

function readText(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function modifiedAt(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

/** Two commands started at once on a fresh clone must not install over each other: the second waits for the first. */
async function withLock(root, say, work) {
  const lock = path.join(root, '.cache', 'prepare.lock');
  fs.mkdirSync(path.dirname(lock), { recursive: true });
  const deadline = Date.now() + LOCK_WAIT_MS;
  for (let told = false; !takeLock(lock); ) {
    if (Date.now() > deadline) throw new Error(`Another trivet command has been installing or building for ${LOCK_WAIT_MS / 1000} s. If none runs, remove ${lock}.`);
    if (!told) say('Waiting for another trivet command that is installing or building …');
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  try {
    await work();
  } finally {
    fs.rmSync(lock, { force: true });
  }
}

function takeLock(lock) {
  try {
    fs.writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    const justMade = Date.now() - (modifiedAt(lock) ?? 0) < 2000;
    if (!justMade && !isAlive(Number(readText(lock)))) fs.rmSync(lock, { force: true });
    return false;
  }
}

function isAlive(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

const SHOWN_LINES = 15;

/** Runs quietly; when it fails, both ends of its output are shown and the whole is kept in a file. */
function run(root, command, args, environment) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'], shell: false });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('error', (error) => reject(new Error(`${command} could not be started: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) return resolve();
      const log = path.join(root, '.cache', 'prepare.log');
      const output = Buffer.concat(chunks).toString('utf8').trimEnd();
      fs.writeFileSync(log, output);
      reject(new Error(`${bothEnds(output)}\n\`${command} ${args.join(' ')}\` failed (${signal ?? `exit ${code}`}); its whole output is in ${log}`));
    });
  });
}

function bothEnds(output) {
  const lines = output.split('\n');
  if (lines.length <= 2 * SHOWN_LINES) return output;
  return [...lines.slice(0, SHOWN_LINES), `… ${lines.length - 2 * SHOWN_LINES} lines left out …`, ...lines.slice(-SHOWN_LINES)].join('\n');
}
