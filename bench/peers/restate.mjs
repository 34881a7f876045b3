import http from 'node:http';
import http2 from 'node:http2';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { serve } from './serve.mjs';

// The SDK expects Node 22.
Promise.withResolvers ??= function () {
  let resolve;
  let reject;
  const promise = new this((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
};
const restate = await import('@restatedev/restate-sdk');

/** Restate with its defaults, WAL fsync on. service: three ctx.run; remote: three durable calls of another service. */
const [, , mode] = process.argv;
const noop = async () => 1;
const inline = async (context) => (await context.run('s1', noop)) + (await context.run('s2', noop)) + (await context.run('s3', noop));
const remote = async (context) => {
  const other = context.serviceClient({ name: 'exec' });
  return (await other.noop()) + (await other.noop()) + (await other.noop());
};
const services = [restate.service({ name: 'wf', handlers: { run: mode === 'remote' ? remote : inline } }), restate.service({ name: 'exec', handlers: { noop } })];

const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});
const [own, ingress, admin, node] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
// Its default logger writes two lines a workflow; logging is not what is measured.
http2.createServer(restate.createEndpointHandler({ services, logger: () => undefined })).listen(own, '127.0.0.1');
const folder = mkdtempSync(join(tmpdir(), 'bench-restate-'));
const platform = `@restatedev/restate-server-${process.platform}-${process.arch}`;
const binary = join(dirname(createRequire(import.meta.url).resolve(`${platform}/package.json`)), 'bin/restate-server');
const server = spawn(binary, ['--no-logo'], {
  env: {
    PATH: process.env.PATH, RESTATE_BASE_DIR: folder, RESTATE_BIND_IP: '127.0.0.1', RESTATE_ADVERTISED_HOST: '127.0.0.1', RESTATE_DISABLE_TELEMETRY: 'true', RESTATE_LISTEN_MODE: 'tcp',
    RESTATE_BIND_PORT: String(node), RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`, RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`, RESTATE_LOG_FILTER: 'error', DO_NOT_TRACK: '1',
  },
  stdio: ['ignore', openSync(join(folder, 'log'), 'w'), openSync(join(folder, 'log'), 'a')],
});
const end = () => {
  server.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
};
process.on('exit', end);
process.on('disconnect', () => process.exit(0));

let registered = false;
for (let attempt = 0; attempt < 150 && !registered; attempt += 1) {
  registered = await fetch(`http://127.0.0.1:${admin}/deployments`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ uri: `http://127.0.0.1:${own}` }) }).then((response) => response.ok, () => false);
  if (!registered) await new Promise((resolve) => setTimeout(resolve, 200));
}
if (!registered) throw new Error(`Restate did not start: ${readFileSync(join(folder, 'log'), 'utf8').slice(-1_000)}`);
await new Promise((resolve) => setTimeout(resolve, 2_000));

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
const runOne = () => new Promise((resolve, reject) => {
  http.request({ host: '127.0.0.1', port: ingress, path: '/wf/run', method: 'POST', agent }, (response) => {
    let text = '';
    response.on('data', (data) => (text += data));
    response.on('end', () => (response.statusCode === 200 && text === '3' ? resolve() : reject(new Error(`${response.statusCode} ${text}`))));
  }).on('error', reject).end();
});
serve(runOne, { stop: async () => end() });
