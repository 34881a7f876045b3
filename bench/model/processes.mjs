import { fork } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpuMsOf } from '../measure.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const PEERS = fileURLToPath(new URL('../peers/node_modules', import.meta.url));

export async function startVendor() {
  const child = fork(join(HERE, 'vendor.mjs'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const { port } = await new Promise((resolve) => child.once('message', resolve));
  return { port, url: `http://127.0.0.1:${port}/v1`, stop: () => stopped(child) };
}

/** Our tier without the bus; `run` gives it work and resolves with what came of it. */
export async function startTier(redisUrl, vendorPort, mode = 'whole') {
  const child = fork(join(HERE, 'tier.mjs'), [redisUrl, String(vendorPort), mode], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: ['--expose-gc', '--max-semi-space-size=32', '--no-warnings'] });
  let ended = () => undefined;
  child.once('exit', (code) => ended(new Error(`the tier ended with ${code}`)));
  const next = () => new Promise((resolve, reject) => {
    child.once('message', resolve);
    ended = reject;
  });
  await next();
  return {
    run: async (order) => {
      child.send(order);
      const { result, error } = await next();
      if (error) throw new Error(error);
      return result;
    },
    cpuMs: () => cpuMsOf(child.pid),
    stop: () => stopped(child),
  };
}

/** Portkey's gateway as it comes from npm. */
export async function startPortkey() {
  const port = await freePort();
  const child = fork(join(PEERS, '@portkey-ai/gateway/build/start-server.js'), [`--port=${port}`, '--headless'], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], env: { PATH: process.env.PATH, NODE_ENV: 'production' } });
  for (const deadline = performance.now() + 20_000; performance.now() < deadline; ) {
    if (await fetch(`http://127.0.0.1:${port}/`).then(() => true, () => false)) return { url: `http://127.0.0.1:${port}/v1`, pid: child.pid, cpuMs: () => cpuMsOf(child.pid), stop: () => stopped(child) };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await stopped(child);
  throw new Error("Portkey's gateway was not ready within 20 s");
}

async function stopped(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
