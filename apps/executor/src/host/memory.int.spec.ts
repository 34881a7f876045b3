import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type JsonValue, type ToolPolicy } from '@trivet/contracts';
import { connectRedis, createMemoryStore, keys, type Redis } from '@trivet/state';
import { startRedis, type TestServer } from '@trivet/testing';
import { bundlePrograms, call, pluginFromSource, type CallOptions } from '../../hostile/prepare.js';
import type { CatalogTool } from '../catalog/tool-catalog.js';
import { createEmbedTexts } from '../memory/embed-texts.js';
import { createMemoryIndexes } from '../memory/memory-indexes.js';
import { SandboxPool } from '../sandbox/pool.js';
import type { SandboxResult } from '../sandbox/result.js';
import { createHostHandler, type HostCallContext, type InjectedFunction } from './host-functions.js';
import { createMemory } from './memory.js';

const OPERATIONS = `
import { memory } from '@trivet/tool-sdk/guest';
export function run({ asked }) {
  return asked.map(([op, ...rest]) => {
    try {
      return memory[op](...rest);
    } catch (error) {
      return { code: error.code, message: error.message, detail: error.detail };
    }
  });
}`;
const IN_ASSEMBLYSCRIPT = `
import { outputText, remember } from "trivet";
export function run(): i32 {
  remember('{"op":"write","entries":[{"id":"a","text":"red apples"}]}');
  outputText(remember('{"op":"search","query":"red","limit":1}'));
  return 0;
}`;
const COLOURS = ['red', 'green', 'blue', 'apples', 'ships'];

/** A model whose vectors say which of a few words a text has; the second one says so the other way round. */
function scriptedModel(): { ask: InjectedFunction; asked: { texts: string[]; model?: string }[]; use: (model: string, failure?: string) => void } {
  const asked: { texts: string[]; model?: string }[] = [];
  let current = 'first';
  let fails: string | undefined;
  return {
    asked,
    use: (model, failure) => { current = model; fails = failure; },
    ask: async (_call, request) => {
      const { embed: texts, model } = request as { embed: string[]; model?: string };
      if (fails) return { error: { code: fails, message: 'The budget is spent.', detail: { scope: 'workflow' } } };
      asked.push({ texts, ...(model ? { model } : {}) });
      const vectorOf = (text: string): number[] => COLOURS.map((word) => (text.includes(word) ? 1 : 0.01));
      return { value: { text: '', finishReason: 'stop', model: model ?? current, provider: 'scripted', notice: 'of words', embeddings: texts.map((text) => ((model ?? current) === 'first' ? vectorOf(text) : vectorOf(text).reverse())) } };
    },
  };
}

describe('memory', () => {
  let server: TestServer;
  let redis: Redis;
  let pool: SandboxPool;
  let operations: CatalogTool;
  let model: ReturnType<typeof scriptedModel>;
  let memory: InjectedFunction;

  beforeAll(async () => {
    bundlePrograms();
    server = await startRedis();
    redis = connectRedis({ url: server.url, name: 'spec' });
    pool = new SandboxPool({ slots: 1 });
    operations = await pluginFromSource('operations', { typeScript: OPERATIONS }, { grants: { memory: true }, limits: { hostCalls: 100 } });
  }, 60_000);
  beforeEach(async () => {
    await redis.flushall();
    model = scriptedModel();
    memory = executor();
  });
  afterAll(async () => {
    await pool.close();
    redis.disconnect();
    await server.stop();
  });

  /** What one executor has; two of them share only Redis. */
  function executor(): InjectedFunction {
    const store = createMemoryStore(redis);
    return createMemory({ store, indexes: createMemoryIndexes(store, { mostBytes: 1e6 }), embed: createEmbedTexts(model.ask) });
  }
  const run = (asked: JsonValue, options: CallOptions = {}): Promise<SandboxResult> => call(pool, operations, { asked }, { services: { memory }, ...options });
  const context: HostCallContext = { tenant: 'acme', workflowId: 'w1', stepId: 's1', callId: 'c1', attempt: 1, tool: 'subject', depth: 0 };
  /** As often as it is called, one call of a tool with these requests. */
  async function ask(requests: JsonValue[], rest: Partial<HostCallContext> = {}, of = memory): Promise<unknown[]> {
    const handler = createHostHandler({ ...context, ...rest }, { memory: true }, { http: async () => ({ value: null }), documents: () => null, log: () => undefined, progress: () => undefined, memory: of });
    const answers: unknown[] = [];
    for (const request of requests) answers.push(await handler('memory', request, new AbortController().signal));
    return answers;
  }
  const search = (query: string, rest: object = {}): JsonValue => ({ op: 'search', query, ...rest });
  const write = (...texts: string[]): JsonValue => ({ op: 'write', entries: texts.map((text) => ({ text })) });

  it('keeps what a tool writes and finds the nearest, with who wrote it and what the model says', async () => {
    await run([['write', [{ text: 'red apples', metadata: { page: 1 } }, { text: 'blue ships', expiresInMs: 60_000 }]]], { workflowId: 'writes' });
    const result = await run([['search', 'red', { limit: 1 }]], { workflowId: 'reads' });
    expect(result).toMatchObject({ output: [{ model: 'first', notice: 'of words', hits: [{ text: 'red apples', metadata: { page: 1 }, score: expect.any(Number), source: { workflowId: 'writes', stepId: 's1', callId: 'c1', tool: 'operations' }, writtenAt: expect.stringMatching(/^\d{4}-.*Z$/), expiresAt: null }] }] });
  });

  it('is there for tools in AssemblyScript', async () => {
    const tool = await pluginFromSource('remembers', { assemblyScript: IN_ASSEMBLYSCRIPT }, { grants: { memory: true } });
    expect(await call(pool, tool, {}, { services: { memory } })).toMatchObject({ output: { value: { hits: [{ id: 'a', text: 'red apples' }] } } });
  }, 30_000);

  it('is seen by no other tenant, and spends nothing on what cannot be there', async () => {
    await ask([write('red apples')]);
    model.asked.length = 0;
    expect(await ask([search('red'), { op: 'list' }, { op: 'forget', all: true }], { tenant: 'rival' })).toEqual([{ value: { hits: [] } }, { value: { entries: [], cursor: null } }, { value: { forgotten: 0 } }]);
    expect(model.asked).toEqual([]);
    expect(await ask([search('red')])).toMatchObject([{ value: { hits: [{ text: 'red apples' }] } }]);
  });

  it('writes the same entries when a call runs again or is tried again, others in another place, and replaces an id', async () => {
    const [first] = await ask([write('one', 'two')]);
    expect(await ask([write('one', 'two'), write('one')], { attempt: 2, callId: 'c2' })).toMatchObject([first, { value: { ids: [expect.stringMatching(/^m[0-9a-f]{24}$/)] } }]);
    await ask([write('one')], { within: [1] });
    await ask([write('one')], { stepId: 's2' });
    await ask([{ op: 'write', entries: [{ id: 'mine', text: 'red' }] }, { op: 'write', entries: [{ id: 'mine', text: 'blue' }] }]);
    const [listed] = await ask([{ op: 'list' }]);
    expect((listed as { value: { entries: { text: string }[] } }).value.entries.map(({ text }) => text)).toEqual(['blue', 'one', 'one', 'one', 'two', 'one']);
  });

  it('shows what another process wrote, replaced and forgot a moment ago', async () => {
    const other = executor();
    await ask([{ op: 'write', entries: [{ id: 'a', text: 'red' }, { id: 'b', text: 'blue' }] }]);
    expect(await ask([search('red', { limit: 1 })], {}, other)).toMatchObject([{ value: { hits: [{ id: 'a' }] } }]);
    await ask([{ op: 'write', entries: [{ id: 'b', text: 'red red' }, { id: 'c', text: 'green' }] }, { op: 'forget', ids: ['a'] }]);
    expect(await ask([search('red', { minScore: 0.5 }), search('green', { limit: 1 })], {}, other)).toMatchObject([{ value: { hits: [{ id: 'b', text: 'red red' }] } }, { value: { hits: [{ id: 'c' }] } }]);
    await ask([{ op: 'forget', all: true }, { op: 'write', entries: [{ id: 'd', text: 'red' }] }]);
    expect(await ask([search('red')], {}, other)).toMatchObject([{ value: { hits: [{ id: 'd' }] } }]);
    await redis.flushall();
    expect(await ask([search('red')], {}, other)).toEqual([{ value: { hits: [] } }]);
  });

  it('finds and forgets by who wrote', async () => {
    await ask([write('red apples')], { user: 'ada', workflowId: 'w1' });
    await ask([write('red ships')], { user: 'bob', workflowId: 'w2' });
    expect(await ask([search('red', { filter: { user: 'bob' } }), search('red', { filter: { user: 'bob', workflowId: 'w1' } })])).toMatchObject([{ value: { hits: [{ text: 'red ships', source: { user: 'bob' } }] } }, { value: { hits: [] } }]);
    expect(await ask([{ op: 'forget', filter: { workflowId: 'w2' } }, { op: 'forget', filter: { workflowId: 'w2' } }, search('red')])).toMatchObject([{ value: { forgotten: 1 } }, { value: { forgotten: 0 } }, { value: { hits: [{ source: { user: 'ada' } }] } }]);
  });

  it('makes a collection what it is said to be, and embeds only what is new or changed', async () => {
    const entries = (...texts: string[]) => texts.map((text, index) => ({ id: `d${index}`, text, metadata: { of: index } }));
    const sync = (texts: string[], stretch: object = {}): JsonValue => ({ op: 'sync', collection: 'docs', entries: entries(...texts), ...stretch });
    expect(await ask([sync(['red', 'green', 'blue'])])).toEqual([{ value: { written: 3, removed: 0, unchanged: 0, notice: 'of words' } }]);
    model.asked.length = 0;
    expect(await ask([sync(['red', 'green', 'blue']), sync(['red', 'ships'])])).toMatchObject([{ value: { written: 0, removed: 0, unchanged: 3 } }, { value: { written: 1, removed: 1, unchanged: 1 } }]);
    expect(model.asked).toEqual([{ texts: ['ships'] }]);
    expect(await ask([{ op: 'sync', collection: 'docs', entries: [{ id: 'e0', text: 'blue' }], from: 'e' }, { op: 'sync', collection: 'docs', entries: [], before: 'd1' }, { op: 'list', collection: 'docs' }])).toMatchObject([{ value: { written: 1, removed: 0 } }, { value: { removed: 1 } }, { value: { entries: [{ id: 'e0' }, { id: 'd1', text: 'ships' }] } }]);
    expect(await ask([{ op: 'sync', collection: 'docs', entries: [{ id: 'a', text: 'blue' }], from: 'e' }])).toMatchObject([{ error: { code: 'invalid_request', message: expect.stringContaining('not between from and before') } }]);
  });

  it('embeds again what another model had made, once, in batches and only what is meant', async () => {
    for (let at = 0; at < 300; at += 60) await ask([write(...Array.from({ length: 60 }, (_, index) => `text ${at + index}`))], { stepId: `s${at}`, user: 'ada' });
    await ask([{ op: 'write', entries: [{ id: 'apples', text: 'red apples' }] }], { user: 'bob' });
    model.use('second');
    model.asked.length = 0;
    expect(await ask([search('apples', { limit: 1, filter: { user: 'bob' } })])).toMatchObject([{ value: { model: 'second', hits: [{ id: 'apples' }] } }]);
    expect(model.asked.map(({ texts, model: wanted }) => [texts.length, wanted])).toEqual([[1, undefined], [1, 'second']]);
    model.asked.length = 0;
    expect(await ask([search('apples', { limit: 1 }), search('red', { limit: 1 })])).toMatchObject([{ value: { hits: [{ id: 'apples' }] } }, { value: { hits: [{ id: 'apples' }] } }]);
    expect(model.asked.map(({ texts }) => texts.length)).toEqual([1, 128, 128, 44, 1]);
  });

  it('fails with what the model tier says, and writes nothing then', async () => {
    model.use('first', 'budget_exceeded');
    expect(await ask([write('red')])).toEqual([{ error: { code: 'budget_exceeded', message: 'The budget is spent.', detail: { scope: 'workflow' } } }]);
    expect(await redis.exists(keys.memoryMeta('acme'))).toBe(0);
    const failing = await pluginFromSource('failing', { typeScript: "import { memory } from '@trivet/tool-sdk/guest'; export const run = () => memory.write([{ text: 'a' }]);" }, { grants: { memory: true } });
    expect(await call(pool, failing, {}, { services: { memory } })).toMatchObject({ outcome: 'failed', failure: { code: 'budget_exceeded' } });
  });

  it('is denied without the grant, when the policy withholds it, and, where texts would be embedded, when the policy withholds the model', async () => {
    const ungranted = await pluginFromSource('ungranted', { typeScript: OPERATIONS });
    expect(await call(pool, ungranted, { asked: [['list']] }, { services: { memory } })).toMatchObject({ output: [{ code: 'tool_host_denied', message: 'Tool ungranted asked for memory, which its manifest does not grant.' }] });
    const under = (withhold: ToolPolicy['withhold']) => ask([write('red'), search('red'), { op: 'sync', collection: 'docs', entries: [] }, { op: 'list' }, { op: 'forget', all: true }], { policy: { withhold } });
    const denied = (name: string) => ({ error: { code: 'tool_host_denied', message: expect.stringContaining(`asked for ${name}, which the policy of tenant acme withholds`) } });
    expect(await under(['memory'])).toMatchObject(Array.from({ length: 5 }, () => denied('memory')));
    expect(await under(['model'])).toMatchObject([denied('model'), denied('model'), denied('model'), { value: { entries: [] } }, { value: { forgotten: 0 } }]);
    expect([await redis.dbsize(), model.asked]).toEqual([0, []]);
  });

  it.each<[string, JsonValue, string, RegExp]>([
    ['an operation that is none', { op: 'steal' }, 'invalid_request', /memory is not valid/],
    ['nothing', null, 'invalid_request', /memory is not valid/],
    ['another tenant', { op: 'list', tenant: 'rival' }, 'invalid_request', /tenant/],
    ['a collection that is no name', { op: 'list', collection: 'a:b' }, 'invalid_request', /collection/],
    ['a long text', { op: 'write', entries: [{ id: 'a', text: 'ü'.repeat(4_097) }] }, 'payload_too_large', /text of entry "a" has 8194 bytes; the limit is 8192\. Cut it into several/],
    ['a long query', { op: 'search', query: 'x'.repeat(8_193) }, 'payload_too_large', /The query has 8193 bytes; the limit is 8192/],
    ['much metadata', { op: 'write', entries: [{ text: 'a', metadata: { a: 'x'.repeat(4_096) } }] }, 'payload_too_large', /metadata of entry 0 has 4104 bytes; the limit is 4096/],
    ['too many entries', { op: 'write', entries: Array.from({ length: 65 }, () => ({ text: 'a' })) }, 'invalid_request', /64/],
    ['one id twice', { op: 'write', entries: [{ id: 'a', text: 'a' }, { id: 'a', text: 'b' }] }, 'invalid_request', /Two entries have the id "a"/],
    ['an id with a line break', { op: 'write', entries: [{ id: 'a\r\nFLUSHALL', text: 'a' }] }, 'invalid_request', /control characters/],
    ['a filter that names nothing', { op: 'forget', filter: {} }, 'invalid_request', /exactly one of ids, a filter that names something, and all: true/],
    ['two ways to forget', { op: 'forget', ids: ['a'], all: true }, 'invalid_request', /exactly one of/],
  ])('refuses %s', async (_name, request, code, message) => {
    expect(await ask([request])).toMatchObject([{ error: { code, message: expect.stringMatching(message) } }]);
    expect([await redis.dbsize(), model.asked]).toEqual([0, []]);
  });

  it('takes an id that is called like the prototype for an id like any other', async () => {
    expect(await ask([{ op: 'write', entries: [{ id: '__proto__', text: 'red' }] }, search('red'), { op: 'forget', ids: ['__proto__', 'constructor'] }])).toMatchObject([{ value: { ids: ['__proto__'] } }, { value: { hits: [{ id: '__proto__' }] } }, { value: { forgotten: 1 } }]);
  });

  it('fails the call as unavailable, to be tried again, while Redis is away', async () => {
    const away = connectRedis({ url: 'redis://127.0.0.1:1', name: 'away' });
    const store = createMemoryStore(away);
    const broken = createMemory({ store, indexes: createMemoryIndexes(store, { mostBytes: 1e6 }), embed: createEmbedTexts(model.ask) });
    expect(await ask([search('red'), { op: 'list' }], {}, broken)).toMatchObject([{ error: { code: 'unavailable' } }, { error: { code: 'unavailable' } }]);
    away.disconnect();
  });

  it('keeps indexes only as far as they have room, those used last', async () => {
    const store = createMemoryStore(redis);
    let reads = 0;
    const indexes = createMemoryIndexes({ ...store, changedAfter: (...of) => { reads += 1; return store.changedAfter(...of); } }, { mostBytes: 2_000 });
    for (const collection of ['a', 'b', 'c']) await ask([{ op: 'write', collection, entries: [{ text: 'red' }] }]);
    const use = async (collection: string): Promise<number> => (await indexes.current({ tenant: 'acme', collection })).size();
    for (const collection of ['a', 'b', 'a', 'c', 'a']) expect(await use(collection)).toBe(1);
    expect(reads).toBe(3);
    expect(indexes.bytes()).toBeLessThanOrEqual(2_000);
    await Promise.all([use('b'), use('b'), use('b')]);
    expect(reads).toBe(4);
  });
});
