import { fork, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startRedis } from '@trivet/testing';
import { cpuMsOf } from './measure.mjs';

const FOLDER = fileURLToPath(new URL('peers', import.meta.url));

/** Installs the peers on first use, from their own lock file. */
export function installPeers(say) {
  if (['bullmq', '@portkey-ai/gateway', 'pyodide'].every((name) => existsSync(join(FOLDER, 'node_modules', name)))) return;
  say('installing the peers (once) …');
  const { status, stderr } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-fund', '--no-audit'], { cwd: FOLDER, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm ci in bench/peers failed: ${stderr.slice(-1_000)}`);
}

/** One peer in a process of its own; `cpuMs` counts it and its server. */
async function startPeer(file, args, serverPid) {
  const child = fork(join(FOLDER, file), args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let errors = '';
  child.stderr.on('data', (data) => (errors = (errors + data).slice(-2_000)));
  const answers = [];
  const next = () => new Promise((resolve, reject) => {
    answers.push(resolve);
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}: ${errors}`)));
  });
  child.on('message', (message) => answers.shift()?.(message));
  await next();
  return {
    run: async (order) => {
      const reply = next();
      child.send(order);
      const { result, error } = await reply;
      if (error) throw new Error(error);
      return result;
    },
    cpuMs: () => cpuMsOf(child.pid) + (serverPid === undefined ? 0 : cpuMsOf(serverPid)),
    stop: async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.send('stop');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await gone;
      clearTimeout(timer);
    },
  };
}

export async function startBullmq(mode) {
  const redis = await startRedis();
  const peer = await startPeer('bullmq.mjs', [mode, String(redis.port)], redis.pid);
  return { ...peer, stop: async () => { await peer.stop(); await redis.stop(); } };
}

/** Its server is a child of its process, so it is counted with it. */
export const startRestate = (mode) => startPeer('restate.mjs', [mode]);

export async function startDbos() {
  const postgres = await startPostgres();
  const peer = await startPeer('dbos.mjs', [postgres.url], postgres.pid);
  return { ...peer, stop: async () => { await peer.stop(); await postgres.stop(); } };
}

/** PostgreSQL of Debian, with fsync and synchronous commit on; installed when we are root and it is missing. */
async function startPostgres() {
  const binaries = findPostgres() ?? installPostgres();
  const folder = mkdtempSync(join(tmpdir(), 'bench-postgres-'));
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? { uid: idOf('-u'), gid: idOf('-g') } : {};
  if (isRoot) chownSync(folder, user.uid, user.gid);
  chmodSync(folder, 0o700);
  const options = { ...user, cwd: folder, env: { PATH: process.env.PATH, LANG: 'C.UTF-8', HOME: folder } };
  const made = spawnSync(join(binaries, 'initdb'), ['-D', folder, '-U', 'postgres', '--auth=trust', '-E', 'UTF8', '--locale=C.UTF-8'], { ...options, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=on', 'synchronous_commit=on', 'shared_buffers=512MB', 'max_connections=200', 'log_min_messages=fatal'];
  const server = spawn(join(binaries, 'postgres'), ['-D', folder, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])], { ...options, stdio: 'ignore' });
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  return {
    pid: server.pid,
    url: `postgresql://postgres@127.0.0.1:${port}/trivet_bench`,
    stop: async () => {
      const gone = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGINT');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const idOf = (flag) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);

function findPostgres() {
  const home = '/usr/lib/postgresql';
  const versions = existsSync(home) ? readdirSync(home).sort((left, right) => Number(right) - Number(left)) : [];
  return versions.map((version) => join(home, version, 'bin')).find((folder) => existsSync(join(folder, 'initdb')));
}

function installPostgres() {
  if (process.getuid?.() === 0 && process.env.TRIVET_NO_INSTALL !== '1') spawnSync('apt-get', ['install', '-y', '-qq', 'postgresql'], { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  const found = findPostgres();
  if (!found) throw new Error('PostgreSQL is not installed (apt-get install postgresql)');
  return found;
}

const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});
