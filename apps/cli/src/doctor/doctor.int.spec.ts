import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { findNats } from '../launcher/find-nats.js';
import { findRedis } from '../launcher/find-redis.js';
import { freePort } from '../launcher/free-port.js';
import type { LocalServer } from '../launcher/local-server.js';
import { startNatsServer } from '../launcher/nats-server.js';
import { cacheDir } from '../launcher/project-paths.js';
import { startRedisServer } from '../launcher/redis-server.js';
import { runProgram } from '../program.js';
import { stubBinary } from '../testing/stub-binary.js';
import { checkNode } from './check-node.js';

let dir: string;
let nats: LocalServer;
let redis: LocalServer;
let weakRedis: LocalServer;
let natsFolder: string;
let redisFolder: string;
let httpPort: number;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'trivet-doctor-'));
  const find = { searchPath: process.env['PATH'] ?? '', cacheDir };
  const [natsChoice, redisChoice] = await Promise.all([findNats(find), findRedis(find)]);
  if (natsChoice.kind !== 'binary' || redisChoice.kind !== 'binary') throw new Error('this test needs a NATS and a Redis binary');
  natsFolder = dirname(natsChoice.binary);
  redisFolder = dirname(redisChoice.binary);
  nats = await startNatsServer({ binary: natsChoice.binary, dir: join(dir, 'nats') });
  redis = await startRedisServer({ choice: redisChoice, dir: join(dir, 'redis') });
  weakRedis = await startRedisServer({ choice: redisChoice, dir: join(dir, 'weak'), appendFsync: 'everysec' });
  httpPort = await freePort();
});
afterAll(async () => {
  await Promise.all([nats.stop(), redis.stop(), weakRedis.stop()]);
  rmSync(dir, { recursive: true, force: true });
});

async function doctor(environment: Record<string, string>, ...args: string[]): Promise<{ code: number; lines: string[] }> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const code = await runProgram(['doctor', ...args], { environment: { PATH: `${natsFolder}:${redisFolder}`, TRIVET_HTTP_PORT: String(httpPort), ...environment }, stdout, stderr });
  const lines = `${stdout.read() ?? ''}${stderr.read() ?? ''}`.split('\n').filter((line) => line !== '');
  return { code, lines };
}

/** One problem, one line, and the mend in it. */
async function expectProblem(found: Promise<{ code: number; lines: string[] }>, what: RegExp, mend: RegExp): Promise<void> {
  const { code, lines } = await found;
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(what);
  expect(lines[0]?.split('Mend: ')[1]).toMatch(mend);
  expect(code).toBe(1);
}

const urls = (natsPort: number, redisPort: number): Record<string, string> => ({ TRIVET_NATS_URL: `nats://127.0.0.1:${natsPort}`, TRIVET_REDIS_URL: `redis://127.0.0.1:${redisPort}` });

/** A server that greets like a NATS server of that version. */
async function fakeNats(info: object): Promise<{ port: number; server: Server }> {
  const server = createServer((socket) => void socket.on('error', () => undefined).write(`INFO ${JSON.stringify(info)}\r\n`));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return { port: typeof address === 'object' && address ? address.port : 0, server };
}

describe('doctor', () => {
  it('is silent when all is well: with servers to start', async () => {
    expect(await doctor({})).toEqual({ code: 0, lines: [] });
    expect(await doctor({ TRIVET_NO_INSTALL: '1' })).toEqual({ code: 0, lines: [] });
  });

  it('is silent when all is well: with running servers', async () => {
    expect(await doctor(urls(nats.port, redis.port))).toEqual({ code: 0, lines: [] });
  });

  it('is silent when something is missing that the launcher fetches by itself', async () => {
    expect(await doctor({ PATH: '' })).toEqual({ code: 0, lines: [] });
  });

  it('names an old Node', async () => {
    expect(await checkNode({ nodeVersion: '18.20.4' })).toEqual([{ what: expect.stringContaining('18.20.4 is too old'), mend: expect.stringContaining('nvm install') }]);
    expect(await checkNode({ nodeVersion: '20.18.9' })).toHaveLength(1);
    expect(await checkNode({ nodeVersion: '24.0.0' })).toEqual([{ found: 'Node 24.0.0' }]);
  });

  describe('NATS', () => {
    const empty = (): string => mkdtempSync(join(dir, 'cache-'));

    it('absent and not to be fetched', async () => {
      await expectProblem(examineOffline({ PATH: redisFolder }, empty()), /NATS is absent/, /install NATS 2\.12/);
    });

    it('too old on PATH', async () => {
      const old = stubBinary(join(dir, 'old-nats'), 'nats-server', 'nats-server: v2.9.10');
      await expectProblem(examineOffline({ PATH: `${old}:${redisFolder}` }, empty()), /2\.9\.10, too old: Trivet needs NATS 2\.12/, /install NATS/);
    });

    it('not answering at its URL', async () => {
      await expectProblem(doctor(urls(await freePort(), redis.port)), /NATS does not answer at .*ECONNREFUSED/, /start it/);
    });

    it('too old at its URL', async () => {
      const { port, server } = await fakeNats({ version: '2.9.10', jetstream: true });
      await expectProblem(doctor(urls(port, redis.port)), /is 2\.9\.10, too old/, /upgrade/);
      server.close();
    });

    it('takes several servers of which one answers', async () => {
      expect(await doctor({ ...urls(1, redis.port), TRIVET_NATS_URL: `nats://127.0.0.1:${await freePort()}, nats://127.0.0.1:${nats.port}` })).toEqual({ code: 0, lines: [] });
    });

    it('without JetStream', async () => {
      const { port, server } = await fakeNats({ version: '2.14.0' });
      await expectProblem(doctor(urls(port, redis.port)), /without JetStream/, /-js/);
      server.close();
    });
  });

  describe('Redis', () => {
    it('absent and not to be installed', async () => {
      await expectProblem(examineOffline({ PATH: natsFolder }, mkdtempSync(join(dir, 'cache-'))), /Redis is absent/, /apt-get install redis-server/);
    });

    it('not answering at its URL, whose password is not shown', async () => {
      const environment = { ...urls(nats.port, 1), TRIVET_REDIS_URL: `redis://me:hunter2@127.0.0.1:${await freePort()}` };
      await expectProblem(doctor(environment), /Redis does not answer/, /start it/);
      expect((await doctor(environment)).lines.join()).not.toContain('hunter2');
    });

    it('with appendfsync everysec, in strict mode only', async () => {
      await expectProblem(doctor(urls(nats.port, weakRedis.port)), /appendfsync everysec: a crash loses accepted work/, /CONFIG SET appendfsync always/);
      expect(await doctor({ ...urls(nats.port, weakRedis.port), TRIVET_DURABILITY: 'relaxed' })).toEqual({ code: 0, lines: [] });
    });
  });

  it('names a taken HTTP port', async () => {
    const { port, server } = await fakeNats({});
    await expectProblem(doctor({ TRIVET_HTTP_PORT: String(port) }), new RegExp(`HTTP port ${port} is taken`), /TRIVET_HTTP_PORT=/);
    server.close();
  });

  describe('the model configuration', () => {
    const write = (text: string): string => {
      const file = join(dir, 'models.yaml');
      writeFileSync(file, text);
      return file;
    };

    it.each([
      ['YAML', 'endpoints:\n  - name: openai\n    apiKeyVariable: MY_OPENAI_KEY\n'],
      ['JSON', '{ "endpoints": [{ "name": "openai", "apiKeyVariable": "MY_OPENAI_KEY" }] }'],
    ])('names an endpoint whose key is not set (%s)', async (_format, text) => {
      const environment = { TRIVET_MODEL_CONFIG: write(text) };
      await expectProblem(doctor(environment), /MY_OPENAI_KEY, which is not set/, /export MY_OPENAI_KEY/);
      expect(await doctor({ ...environment, MY_OPENAI_KEY: 'k' })).toEqual({ code: 0, lines: [] });
    });

    it('names a file that cannot be read', async () => {
      await expectProblem(doctor({ TRIVET_MODEL_CONFIG: join(dir, 'nowhere.yaml') }), /cannot be read/, /correct the path/);
    });
  });

  describe('what services would refuse', () => {
    it.each([
      ['OPENAI_BASE_URL', 'rubbish', /OPENAI_BASE_URL is 'rubbish' but must be a URL/],
      ['TRIVET_LOG_LEVEL', 'loud', /TRIVET_LOG_LEVEL is 'loud' but must be one of trace/],
      ['TRIVET_EXECUTOR_SLOTS', '0', /TRIVET_EXECUTOR_SLOTS is '0' but must be a whole number from 1 to 256/],
    ])('names %s', async (name, value, what) => {
      await expectProblem(doctor({ [name]: value }), what, new RegExp(`correct ${name}`));
    });

    it('names a data folder that cannot be used', async () => {
      const file = join(dir, 'a-file');
      writeFileSync(file, '');
      await expectProblem(doctor({ TRIVET_DATA_DIR: join(file, 'below') }), /TRIVET_DATA_DIR=.*a-file.below cannot be used.*ENOTDIR/, /TRIVET_DATA_DIR=/);
      expect(await doctor({ TRIVET_DATA_DIR: join(dir, 'new', 'data') })).toEqual({ code: 0, lines: [] });
    });
  });

  it('gives JSON for programs', async () => {
    const { lines } = await doctor(urls(nats.port, weakRedis.port), '-o', 'ndjson');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ what: expect.any(String), mend: expect.any(String) });
  });

  it('names a variable that cannot be read, and exits 78', async () => {
    const { code, lines } = await doctor({ TRIVET_HTTP_PORT: 'eighty' });
    expect(code).toBe(78);
    expect(lines.join()).toMatch(/TRIVET_HTTP_PORT/);
  });
});

describe('up with a server of its own that cannot be used', () => {
  async function up(environment: Record<string, string>): Promise<{ code: number; errors: string }> {
    const stderr = new PassThrough();
    const code = await runProgram(['up'], { environment: { PATH: '', TRIVET_NO_INSTALL: '1', TRIVET_DATA_DIR: join(dir, 'up'), TRIVET_HTTP_PORT: String(httpPort), ...environment }, stdout: new PassThrough(), stderr });
    return { code, errors: String(stderr.read() ?? '') };
  }

  it('says what doctor says and starts nothing when NATS does not answer', async () => {
    const { code, errors } = await up(urls(await freePort(), redis.port));
    expect(errors).toMatch(/^NATS does not answer at .*ECONNREFUSED.* Mend: start it.*\n$/);
    expect(code).toBe(4);
  });

  it('says it when NATS is too old or without JetStream', async () => {
    const old = await fakeNats({ version: '2.9.10', jetstream: true });
    const plain = await fakeNats({ version: '2.14.0' });
    expect(await up(urls(old.port, redis.port))).toEqual({ code: 4, errors: expect.stringMatching(/too old.* Mend: upgrade/) });
    expect(await up(urls(plain.port, redis.port))).toEqual({ code: 4, errors: expect.stringMatching(/without JetStream.* Mend: start it with -js/) });
    old.server.close();
    plain.server.close();
  });

  it('says it when Redis does not answer, or could lose what it accepted', async () => {
    expect(await up(urls(nats.port, await freePort()))).toEqual({ code: 4, errors: expect.stringMatching(/^Redis does not answer.* Mend: start it/) });
    expect(await up(urls(nats.port, weakRedis.port))).toEqual({ code: 4, errors: expect.stringMatching(/appendfsync everysec.* Mend: redis-cli/) });
  });
});

/** As `doctor --offline`, with a cache folder that holds nothing. */
async function examineOffline(environment: Record<string, string>, emptyCache: string): Promise<{ code: number; lines: string[] }> {
  const { examine } = await import('./examine.js');
  const { readCliConfig } = await import('../cli.config.js');
  const config = readCliConfig({ TRIVET_HTTP_PORT: String(httpPort) });
  const { problems } = await examine({ config, environment, cacheDir: emptyCache, nodeVersion: process.versions.node, offline: true });
  return { code: problems.length > 0 ? 1 : 0, lines: problems.map(({ what, mend }) => `${what} Mend: ${mend}`) };
}
