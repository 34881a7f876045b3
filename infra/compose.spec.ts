import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { PUBLIC_VARIABLES } from '../libs/service/src/public-variables.js';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8');

const APPS = ['orchestrator', 'executor', 'model'];
const compose = parse(await read('docker-compose.yml'), { merge: true });
const dockerfile = await read('infra/Dockerfile');
const services = new Map<string, Record<string, never>>(Object.entries(compose.services));
const get = (name: string) => services.get(name) ?? {};

describe.each(['docker-compose.yml', 'infra/compose.egress.yml'])('%s', (path) => {
  it('is valid by the schema of the Compose specification', async () => {
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(draft7(JSON.parse(await read('infra/compose-spec.schema.json'))));
    const file = parse(await read(path), { merge: true });
    expect(validate(file) ? [] : validate.errors).toEqual([]);
    expect(validate({ services: { a: { imge: 'x' } } })).toBe(false);
  });
});

describe('the services of docker-compose.yml', () => {
  it('are the brokers and the three tiers', () => {
    expect([...services.keys()].filter((name) => !('profiles' in get(name)))).toEqual(['nats', 'redis', ...APPS]);
  });

  it.each([...services.keys()])('%s is contained and ends in peace', (name) => {
    expect(get(name)).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'], init: true, restart: 'unless-stopped' });
    expect(get(name)).not.toHaveProperty('container_name');
    expect(get(name)).not.toHaveProperty('privileged');
    expect(get(name)).toHaveProperty('healthcheck');
  });

  it.each(APPS)('%s waits for the brokers, is built from the Dockerfile, and asks its own health', (name) => {
    const service: Record<string, unknown> = get(name);
    expect(service.depends_on).toEqual({ nats: { condition: 'service_healthy' }, redis: { condition: 'service_healthy' } });
    expect(service.build).toEqual({ context: '.', dockerfile: 'infra/Dockerfile', args: { APP: name } });
    expect(service.healthcheck).toMatchObject({ test: ['CMD', 'node', 'bin/healthcheck.mjs'] });
    expect(existsSync(join(ROOT, 'apps', name, 'package.json'))).toBe(true);
  });

  it.each(APPS)('%s has longer to stop than to drain', (name) => {
    const { stop_grace_period: grace, environment }: Record<string, never> = get(name);
    expect(parseInt(String(grace), 10) * 1_000).toBeGreaterThanOrEqual(Number(environment?.['TRIVET_DRAIN_TIMEOUT_MS']) + 5_000);
  });

  it.each(APPS)('%s is given only variables Trivet knows', (name) => {
    const { environment }: Record<string, object> = get(name);
    const own = Object.keys(environment ?? {}).filter((variable) => variable.startsWith('TRIVET_'));
    expect(own.filter((variable) => !PUBLIC_VARIABLES.includes(variable))).toEqual([]);
  });

  it('publish ports on this machine only, and the scaled ones none', () => {
    const published = [...services].flatMap(([name, service]) => ('ports' in service ? [[name, service['ports']]] : []));
    expect(published.map(([name]) => name)).toEqual(['orchestrator', 'jaeger', 'prometheus', 'grafana']);
    for (const [, ports] of published) expect(String(ports)).toMatch(/^127\.0\.0\.1:/);
  });

  it('keep the executor and the brokers off the outside, and the executor within limits', () => {
    for (const name of ['nats', 'redis', 'executor']) expect(get(name)['networks']).toEqual(['inside']);
    expect(compose.networks.inside).toEqual({ internal: true });
    expect(get('executor')).toMatchObject({ deploy: { resources: { limits: { cpus: '2', memory: '2g', pids: 512 } } } });
  });

  it('can be scaled where they hold no port of the host, and are limited', () => {
    for (const name of ['executor', 'model']) expect(get(name)).not.toHaveProperty('ports');
    for (const name of APPS) expect(get(name)).toMatchObject({ deploy: { resources: { limits: { memory: expect.any(String), pids: expect.any(Number) } } } });
  });

  it('run brokers that keep what was accepted', () => {
    expect(get('redis')['command']).toEqual(expect.arrayContaining(['--appendfsync', 'always', '--maxmemory-policy', 'noeviction']));
    expect(get('nats')['command']).toEqual(expect.arrayContaining(['-js', '-sd', '/data']));
    for (const name of ['nats', 'redis']) expect(get(name)['volumes']).toEqual([`${name}:/data`]);
    expect(Object.keys(compose.volumes)).toEqual(['nats', 'redis', 'prometheus']);
  });

  it('are at a version the design names', () => {
    expect(get('nats')['image']).toMatch(/^nats:2\.14/);
    expect(get('redis')['image']).toBe('redis:8');
  });
});

describe('the Dockerfile', () => {
  it('runs as another user than root, and each stage it copies from is there', () => {
    expect(dockerfile).toMatch(/^USER node$/m);
    const stages = [...dockerfile.matchAll(/^FROM \S+ AS (\w+)/gm)].map(([, stage]) => stage);
    const sources = [...dockerfile.matchAll(/COPY --from=(\w+)/g)].map(([, stage]) => stage);
    expect(stages.at(-1)).toBe('runtime');
    expect(sources.filter((source) => !stages.includes(source))).toEqual([]);
  });

  it('holds the dashboard where the orchestrator looks for it, built by the target that builds everything', async () => {
    const mount = await read('apps/orchestrator/src/dashboard-mount.ts');
    expect(mount).toContain("new URL('../../dashboard/dist/', import.meta.url)");
    expect(dockerfile).toMatch(/^RUN npm run build/m);
    expect(dockerfile).toMatch(/^COPY --from=build \/app\/apps \.\/apps$/m);
    const { nx } = JSON.parse(await read('apps/dashboard/package.json'));
    expect(nx.targets.build.command).toContain('vite build apps/dashboard');
    expect(JSON.parse(await read('package.json')).scripts.build).toMatch(/nx run-many -t build\b/);
  });

  it('has what it takes to run any app, also all in one', async () => {
    for (const app of [...APPS, 'one']) expect(JSON.parse(await read(`apps/${app}/package.json`)).name).toBe(`@trivet/${app}`);
  });

  it('copies only files that exist and reach the build', async () => {
    const ignored = (await read('.dockerignore')).split('\n');
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(\S+) \.\/\S*$/gm)].map(([, path]) => path ?? '');
    expect(copied).toContain('bin/healthcheck.mjs');
    for (const path of copied) {
      expect(existsSync(join(ROOT, path))).toBe(true);
      expect(ignored).not.toContain(path.split('/')[0]);
    }
    for (const needed of ['contracts', 'libs', 'apps', 'bin', 'package-lock.json', '.npmrc', 'tsconfig.base.json', 'nx.json']) expect(ignored).not.toContain(needed);
  });
});

describe('bin/healthcheck.mjs', () => {
  const check = (port: number) =>
    new Promise<{ status: number | null; output: string }>((resolve) => {
      const child = execFile(process.execPath, [join(ROOT, 'bin/healthcheck.mjs')], { env: { TRIVET_ADMIN_PORT: String(port) } }, (_, stdout, stderr) => resolve({ status: child.exitCode, output: stdout + stderr }));
    });

  it('exits 0 when the service is ready, 1 with the reason when it is not or is not there', async () => {
    let ready = true;
    const body = () => ({ ready, phase: 'running', checks: [{ name: 'redis', ok: ready, critical: true, detail: 'connection refused' }, { name: 'layer', ok: false, critical: false, detail: 'no' }] });
    const server = createServer((_, response) => response.writeHead(ready ? 200 : 503).end(JSON.stringify(body()))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    expect(await check(port)).toEqual({ status: 0, output: 'ready\n' });
    ready = false;
    expect(await check(port)).toEqual({ status: 1, output: 'not ready (running)\n  redis: connection refused\n' });
    server.close();
    await once(server, 'close');
    expect(await check(port)).toMatchObject({ status: 1, output: expect.stringContaining('ECONNREFUSED') });
  });
});

/** The schema names a dialect that ajv's plain class does not load; its keywords are those of draft 7. */
function draft7(schema: Record<string, unknown>): Record<string, unknown> {
  return { ...schema, $schema: 'http://json-schema.org/draft-07/schema#' };
}
