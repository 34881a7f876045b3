import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { judgeAudit } from './audit.mjs';
import { findRefused, writeLicences } from './licences.mjs';
import { readOwnPackages, readPackages } from './packages.mjs';

interface Package {
  path: string;
  name: string;
  version: string;
  licence?: string;
  integrity?: string;
  use: string;
  needs: string[];
}

const ROOT = join(import.meta.dirname, '../..');
const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
const lock = readJson(join(ROOT, 'package-lock.json'));
const own: Package[] = readOwnPackages(ROOT);
const folder = mkdtempSync(join(tmpdir(), 'trivet-supply-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (script: string, argument: string, environment: Record<string, string> = {}): Promise<{ code: number | null; said: string }> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, [join(ROOT, 'scripts', script), argument], { env: { ...process.env, ...environment } }, (_, stdout, stderr) => resolve({ code: child.exitCode, said: stdout + stderr }));
  });

describe('what is installed', () => {
  it('is of exact versions in every manifest', () => {
    const manifests = ['package.json', 'contracts/package.json', ...['libs', 'apps'].flatMap((parent) => readdirSync(join(ROOT, parent)).map((name) => `${parent}/${name}/package.json`))];
    const named = manifests.flatMap((path) => {
      const { dependencies, devDependencies, optionalDependencies } = readJson(join(ROOT, path));
      return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }).map(([name, version]) => `${path}: ${name} ${String(version)}`);
    });
    expect(named.length).toBeGreaterThan(100);
    expect(named.filter((line) => !/ \d+\.\d+\.\d+(-[\w.]+)?$/.test(line))).toEqual([]);
  });

  it('is checked by its hash, and comes from the registry of whoever installs', () => {
    const entries = Object.entries<{ link?: boolean; resolved?: string; integrity?: string; inBundle?: boolean }>(lock.packages).filter(([path, { link }]) => path.includes('node_modules/') && !link);
    expect(entries.filter(([, { integrity, inBundle }]) => !inBundle && !integrity?.startsWith('sha512-')).map(([path]) => path)).toEqual([]);
    expect(entries.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
  });

  it('runs no script when it is installed, and none is needed: the packages that have one are known', () => {
    expect(readFileSync(join(ROOT, '.npmrc'), 'utf8').split('\n')).toContain('ignore-scripts=true');
    const withScript = Object.entries<{ hasInstallScript?: boolean }>(lock.packages).filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path.replace(/.*node_modules\//, ''));
    expect([...new Set(withScript)].toSorted()).toEqual(['@google/genai', '@parcel/watcher', '@scarf/scarf', '@swc/core', 'esbuild', 'nx', 'protobufjs', 'unrs-resolver']);
  });
});

describe('which packages run', () => {
  it('are those of the services and of the pages, with what they need, not those of builds and tests', () => {
    const uses = (name: string): string[] => [...new Set(own.filter((one) => one.name === name).map(({ use }) => use))];
    expect(['ioredis', 'react', 'scheduler', '@grpc/proto-loader'].map(uses)).toEqual([['runs'], ['runs'], ['runs'], []]);
    expect(['jest', 'playwright-core', 'nx', 'vite', 'tailwindcss'].map(uses)).toEqual([['builds'], ['builds'], ['builds'], ['builds'], ['builds']]);
  });

  it('are found where Node finds them', () => {
    const packages: Package[] = readPackages({ packages: { '': {}, 'apps/a': { dependencies: { b: '1' } }, 'node_modules/b': { version: '2' }, 'apps/a/node_modules/b': { version: '1', dependencies: { c: '1' } }, 'node_modules/c': { version: '1' }, 'node_modules/a': { resolved: 'apps/a', link: true } } }, []);
    expect(packages.map(({ path, use, needs }) => ({ path, use, needs }))).toEqual([
      { path: 'apps/a/node_modules/b', use: 'runs', needs: ['node_modules/c'] },
      { path: 'node_modules/b', use: 'builds', needs: [] },
      { path: 'node_modules/c', use: 'runs', needs: [] },
    ]);
  });
});

describe('licences', () => {
  const planted = (licence: string | undefined, use: 'runs' | 'builds' = 'runs', name = 'planted'): string[] => findRefused([...own, { path: 'node_modules/planted', name, version: '1.0.0', licence, use, needs: [] }]);

  it('are all accepted, or exceptions with their reason', () => {
    expect(findRefused(own)).toEqual([]);
  });

  it.each(['GPL-3.0-only', 'MIT AND GPL-3.0-only', '(GPL-2.0) AND (MIT OR ISC)', 'SEE LICENSE IN x', undefined])('%s is refused', (licence) => {
    expect(planted(licence)).toEqual([expect.stringContaining('planted 1.0.0 (runs) has')]);
    expect(() => writeLicences([...own, { path: 'x', name: 'planted', version: '1.0.0', licence, use: 'runs', needs: [] }])).toThrow('planted');
  });

  it('are accepted when one may choose, or all that hold are', () => {
    expect(['(MIT OR GPL-3.0-only)', 'Apache-2.0 AND MIT'].flatMap((licence) => planted(licence))).toEqual([]);
  });

  it('an exception for builds does not hold for what runs, and one that nothing needs is named', () => {
    expect(planted('MPL-2.0', 'builds', 'axe-core')).toEqual([]);
    expect(planted('MPL-2.0', 'runs', 'axe-core')).toEqual([expect.stringContaining('axe-core')]);
    expect(findRefused(own.filter(({ name }) => name !== 'caniuse-lite'))).toEqual([expect.stringContaining('caniuse-lite')]);
  });
});

describe('the bill of materials', () => {
  it('is a valid CycloneDX document of every package, the same every time', async () => {
    expect(await run('sbom.mjs', join(folder, 'a.json'))).toMatchObject({ code: 0, said: expect.stringContaining(`${own.length} packages`) });
    await run('sbom.mjs', join(folder, 'b.json'));
    expect(readFileSync(join(folder, 'a.json'), 'utf8')).toBe(readFileSync(join(folder, 'b.json'), 'utf8'));
    const sbom = readJson(join(folder, 'a.json'));
    const schemas = join(ROOT, 'node_modules/@cyclonedx/cyclonedx-library/res/schema');
    const ajv = new Ajv({ strict: false, validateFormats: false });
    for (const name of ['spdx', 'jsf-0.82', 'cryptography-defs']) ajv.addSchema(readJson(join(schemas, `${name}.SNAPSHOT.schema.json`)), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
    const isValid = ajv.compile(readJson(join(schemas, 'bom-1.6.SNAPSHOT.schema.json')));
    expect({ valid: isValid(sbom), errors: isValid.errors }).toEqual({ valid: true, errors: null });
    expect(isValid({ ...sbom, components: [{ type: 'library', name: 'x', licenses: [{ license: { id: 'Mine' } }] }] })).toBe(false);
    expect(sbom.components.find((one: { purl: string }) => one.purl.startsWith('pkg:npm/%40nats-io/jetstream@'))).toMatchObject({ scope: 'required', hashes: [{ alg: 'SHA-512', content: expect.stringMatching(/^[0-9a-f]{128}$/) }] });
  });

  it('says what needs what, and names nothing that is not listed', () => {
    const needed = new Set(own.flatMap(({ needs }) => needs));
    expect(own.filter(({ path }) => needed.has(path)).length).toBeGreaterThan(500);
    expect([...needed].filter((path) => !own.some((one) => one.path === path))).toEqual([]);
  });
});

describe('npm run audit', () => {
  let registry: Server;
  let advisories: object | undefined;
  beforeAll(async () => {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'audited', version: '1.0.0', dependencies: { minimist: '1.2.5' } }));
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ name: 'audited', version: '1.0.0', lockfileVersion: 3, packages: { '': { name: 'audited', version: '1.0.0', dependencies: { minimist: '1.2.5' } }, 'node_modules/minimist': { version: '1.2.5' } } }));
    registry = createServer((request, response) => {
      const answer = request.url === '/-/npm/v1/security/advisories/bulk' ? advisories : { name: 'minimist', 'dist-tags': { latest: '1.2.8' }, versions: { '1.2.5': { name: 'minimist', version: '1.2.5' }, '1.2.8': { name: 'minimist', version: '1.2.8' } } };
      response.writeHead(answer ? 200 : 405, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer ?? {}));
    });
    await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => registry.close());
  const audit = () => {
    const address = registry.address();
    return run('audit.mjs', folder, { npm_config_registry: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/`, npm_config_cache: join(folder, 'cache'), npm_config_fetch_retries: '0' });
  };

  it('fails on a finding, passes without one, and takes silence for neither', async () => {
    advisories = { minimist: [{ id: 1097678, url: 'https://github.com/advisories/GHSA-xvch-5gv4-984h', title: 'Prototype Pollution', severity: 'critical', vulnerable_versions: '<1.2.6', cwe: [], cvss: {} }] };
    expect(await audit()).toMatchObject({ code: 1, said: expect.stringMatching(/^1 findings, 0 explained\ncritical: minimist <1\.2\.6 at node_modules\/minimist: Prototype Pollution \(GHSA-xvch-5gv4-984h\); a newer version mends it\n$/) });
    advisories = {};
    expect(await audit()).toMatchObject({ code: 0, said: expect.stringContaining('0 findings') });
    advisories = undefined;
    expect(await audit()).toMatchObject({ code: 2, said: expect.stringContaining('Nothing is known') });
  }, 60_000);

  it('leaves out what is explained, until the explanation expires', () => {
    const report = { auditReportVersion: 2, vulnerabilities: { a: { name: 'a', nodes: ['node_modules/a'], fixAvailable: false, via: [{ url: 'https://x.example/GHSA-1', name: 'a', title: 'Bad', severity: 'low', range: '*' }] }, b: { name: 'b', nodes: ['node_modules/b'], via: ['a'] } } };
    const exception = { advisory: 'GHSA-1', package: 'a', reason: 'It is only built with.', expires: '2026-12-31' };
    expect(judgeAudit(report, '2026-12-31', [exception])).toMatchObject({ findings: [], explained: [expect.stringContaining('It is only built with.')], unused: [] });
    expect(judgeAudit(report, '2027-01-01', [exception]).findings).toEqual([expect.stringContaining('its exception expired on 2026-12-31')]);
    expect(judgeAudit(report, '2026-12-31', [{ ...exception, package: 'c' }])).toMatchObject({ findings: [expect.stringContaining('GHSA-1')], unused: ['GHSA-1 of c'] });
  });
});
