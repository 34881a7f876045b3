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

  it('changes for how long the journal that is there keeps its events, and nothing else in it', async () => {
    const days = async (): Promise<{ days: number; messages: number }> => {
      const { body } = await bus.request('$JS.API.STREAM.INFO.EVENTS', {});
      const { config, state } = body as { config: { max_age: number }; state: { messages: number } };
      return { days: config.max_age / 86_400e9, messages: state.messages };
    };
    await run({ TRIVET_NATS_URL: nats.url });
    const bus = await connectBus({ url: nats.url, name: 'spec' });
    await bus.publish('trivet.v1.event.default.wf.task.accepted', {});
    expect(await days()).toEqual({ days: 30, messages: 1 });
    expect(await run({ TRIVET_NATS_URL: nats.url, TRIVET_JOURNAL_MAX_AGE_DAYS: '400' })).toMatchObject({ code: 0 });
    expect(await days()).toEqual({ days: 400, messages: 1 });
    await bus.close();
  });

  it('says what is wrong with its configuration', async () => {
    const { code, errors } = await run({ TRIVET_NATS_URL: 'http://a' });
    expect(code).toBe(78);
    expect(errors).toContain("bootstrap: The configuration has a mistake:\n  TRIVET_NATS_URL is 'http://a' but must be a URL that begins with nats://");
  });
});
