import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { connectBus } from '@trivet/bus';
import { CONSUMERS } from '@trivet/contracts';
import { sourceArguments, startNats, type TestServer } from '@trivet/testing';

describe('the bootstrap', () => {
  let nats: TestServer;
  beforeAll(async () => void (nats = await startNats()));
  afterAll(() => nats.stop());

  const run = (environment: Record<string, string>) =>
    new Promise<{ code: number | null; output: string; errors: string }>((resolve) => {
      const child = execFile(process.execPath, [...sourceArguments(), join(import.meta.dirname, 'main.ts')], { env: { PATH: process.env['PATH'], ...environment } }, (_, output, errors) => resolve({ code: child.exitCode, output, errors }));
    });

  it('makes every durable consumer, and ends well also when they are there', async () => {
    expect(await run({ TRIVET_NATS_URL: nats.url })).toEqual({ code: 0, output: 'The streams and their consumers are there.\n', errors: '' });
    expect(await run({ TRIVET_NATS_URL: nats.url })).toMatchObject({ code: 0 });
    const bus = await connectBus({ url: nats.url, name: 'spec' });
    for (const consumer of Object.values(CONSUMERS)) expect(await bus.consumerState(consumer.stream, consumer.durable)).toMatchObject({ pending: 0 });
    await bus.close();
  });

  it('says what is wrong with its configuration', async () => {
    const { code, errors } = await run({ TRIVET_NATS_URL: 'http://a' });
    expect(code).toBe(78);
    expect(errors).toContain("bootstrap: The configuration has a mistake:\n  TRIVET_NATS_URL is 'http://a' but must be a URL that begins with nats://");
  });
});
