import { connect } from 'node:net';
import { probeNats, probeRedis } from '@trivet/cli';
import { startNats, startRedis, type TestServer } from './servers.js';

describe('startRedis', () => {
  let redis: TestServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  it('writes every answer to disk first', async () => {
    expect((await probeRedis(redis.url)).appendFsync).toBe('always');
  });

  it('keeps its data over a kill and a restart', async () => {
    await ask(redis.port, 'SET kept yes');
    const pid = redis.pid;
    await redis.kill();
    await expect(probeRedis(redis.url)).rejects.toThrow(/ECONNREFUSED/);
    await redis.restart();
    expect(redis.pid).not.toBe(pid);
    expect(await ask(redis.port, 'GET kept')).toContain('yes');
  });

  it('can be made to lose writes', async () => {
    const weak = await startRedis({ appendfsync: 'everysec' });
    expect((await probeRedis(weak.url)).appendFsync).toBe('everysec');
    await weak.stop();
  });
});

describe('startNats', () => {
  it('has JetStream, and comes back on the same port', async () => {
    const nats = await startNats();
    expect(await probeNats(nats.url)).toMatchObject({ jetstream: true });
    await nats.restart();
    expect(await probeNats(nats.url)).toMatchObject({ jetstream: true });
    await nats.stop();
    await expect(probeNats(nats.url)).rejects.toThrow(/ECONNREFUSED/);
  });
});

function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`));
    socket.once('data', (chunk) => {
      resolve(chunk.toString());
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
