import { FailureError, PromptBody, type Prompt } from '@trivet/contracts';
import { connectRedis, createPromptUploads, type PromptUploads, type Redis } from '@trivet/state';
import { startRedis, type TestServer } from '@trivet/testing';
import type { Fact } from '../recovery/facts.js';
import type { ReadPrompt } from './ask-render.js';
import { createPrompts, type Prompts } from './prompts.js';

const BY = { tenant: 'acme', actor: 'http' } as const;
const bodyOf = (user: string): PromptBody => PromptBody.parse({ description: 'd', input: { type: 'object', properties: {} }, user });
const bundled = (version: number, labels: string[] = []): Prompt => ({ ...bodyOf(`bundled ${version}`), name: 'report', version, labels, origin: 'bundled', createdAt: null, createdBy: null });

/** What the model tier does is another test; here it reads whatever it is given. */
describe('the prompts of a tenant', () => {
  let server: TestServer;
  let redis: Redis;
  let uploads: PromptUploads;
  let facts: Fact[];
  let isJournalAway = false;
  let prompts: Prompts;
  beforeAll(async () => {
    server = await startRedis({ appendfsync: 'no' });
    redis = connectRedis({ url: server.url, name: 'test' });
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });
  beforeEach(async () => {
    await redis.flushall();
    uploads = createPromptUploads(redis);
    await uploads.announceBundled([bundled(1, ['production'])]);
    facts = [];
    isJournalAway = false;
    const record = async (_: string, fact: Fact): Promise<void> => {
      if (isJournalAway) throw new FailureError('unavailable', 'the broker is away');
      facts.push(fact);
    };
    const read = async ({ body }: { body?: unknown }): Promise<ReadPrompt> => ({ labels: [], ...(typeof body === 'object' ? body : {}), body: PromptBody.parse(Reflect.get(Object(body), 'body')) });
    prompts = createPrompts({ uploads, facts: { record }, audit: { record: async () => undefined, stop: async () => undefined } as never, clock: { nowMs: Date.now }, askRender: { read, render: async () => ({ messages: [], inputTokens: 0 }) } });
  });
  const put = (name: string, user: string, rest: object = {}) => prompts.put(BY, name, { body: { body: bodyOf(user), ...rest } });
  const restored = async (): Promise<PromptUploads> => {
    await redis.flushall();
    const again = createPromptUploads(redis);
    await again.announceBundled([bundled(1, ['production'])]);
    for (const fact of facts) {
      if (fact.kind === 'prompt') await again.restore(fact.tenant, fact.prompt);
      if (fact.kind === 'prompt-label') await again.setLabel(fact.tenant, fact.name, fact.label, fact.version, fact.move);
    }
    return again;
  };

  it('stay what they are when a later release bundles the number of one', async () => {
    expect((await put('report', 'mine')).prompt).toMatchObject({ version: 2 });
    await prompts.setLabel(BY, 'report', 'production', 2);
    await uploads.announceBundled([bundled(1), bundled(2, ['production'])]);
    expect(await prompts.get('acme', 'report')).toMatchObject({ version: 2, user: 'mine', origin: 'uploaded' });
    expect((await prompts.versions('acme', 'report', { below: 100, limit: 10 })).map(({ version, origin }) => [version, origin])).toEqual([[2, 'uploaded'], [1, 'bundled']]);
    expect((await put('report', 'another')).prompt.version).toBe(3);
  });

  it('get the number a file says, or none, also when it is sent again or by two at once', async () => {
    const files = await Promise.allSettled([put('brief', 'one', { version: 1 }), put('brief', 'other', { version: 1 })]);
    expect(files.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const [first] = await prompts.versions('acme', 'brief', { below: 9, limit: 9 });
    expect(await put('brief', first?.user ?? '', { version: 1 })).toMatchObject({ isNew: false, prompt: { version: 1 } });
    await expect(put('brief', 'third', { version: 5 })).rejects.toMatchObject({ failure: { code: 'state_conflict', message: 'The file says version 5 of brief; the next one is 2.' } });
  });

  it('are journaled also when the first try could not be', async () => {
    isJournalAway = true;
    await expect(put('brief', 'one')).rejects.toThrow('the broker is away');
    isJournalAway = false;
    expect(await put('brief', 'one')).toMatchObject({ isNew: false, prompt: { version: 1 } });
    expect(await (await restored()).version('acme', 'brief', 1)).toMatchObject({ user: 'one', createdBy: 'http' });
  });

  it('keep a label where it was moved last, in whatever order the moves come back', async () => {
    for (const text of ['one', 'two', 'three']) await put('brief', text);
    for (const version of [1, 3, 2]) await prompts.setLabel(BY, 'brief', 'production', version);
    facts.reverse();
    const again = await restored();
    expect((await again.head('acme', 'brief')).labels).toEqual({ production: 2 });
    await again.setLabel('acme', 'brief', 'production', 1, 1);
    expect((await again.head('acme', 'brief')).labels).toEqual({ production: 2 });
    expect(await again.setLabel('acme', 'brief', 'production', 1)).toBe(4);
  });

  it('refuse labels before anything is kept: latest, numbers, and too many, also at once', async () => {
    await expect(put('brief', 'one', { labels: ['fine', 'latest'] })).rejects.toThrow('kept by itself');
    await expect(put('brief', 'one', { labels: ['3'] })).rejects.toThrow('reads as a version');
    await expect(prompts.get('acme', 'brief')).rejects.toMatchObject({ failure: { code: 'not_found' } });
    await put('brief', 'one');
    const many = await Promise.allSettled(Array.from({ length: 40 }, (_, n) => prompts.setLabel(BY, 'brief', `l${n}`, 1)));
    expect(many.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(21);
    expect((await prompts.list('acme')).map(({ name }) => name)).toEqual(['brief', 'report']);
  });

  it('are listed although a label of a file points to a version that is gone', async () => {
    await put('report', 'mine');
    await prompts.setLabel(BY, 'report', 'production', 1);
    await uploads.announceBundled([]);
    expect(await prompts.list('acme')).toMatchObject([{ name: 'report', version: 2 }]);
  });

  it('wait until it is known which are bundled', async () => {
    await redis.flushall();
    await expect(put('report', 'mine')).rejects.toMatchObject({ failure: { code: 'unavailable' } });
  });
});
