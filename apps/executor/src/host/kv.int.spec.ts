import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonValue } from '@trivet/contracts';
import { KV_LIMITS, connectRedis, createKvStore, keys, type Redis } from '@trivet/state';
import { startRedis, type TestServer } from '@trivet/testing';
import { bundlePrograms, call, codeOf, echoPlugin, pluginFromSource, type CallOptions } from '../../hostile/prepare.js';
import type { CatalogTool } from '../catalog/tool-catalog.js';
import { SandboxPool } from '../sandbox/pool.js';
import type { SandboxResult } from '../sandbox/result.js';
import { createKv } from './kv.js';

/** Does to kv what its input says, one after the other, and gives back what each came to. */
const OPERATIONS = `
import { HostError, kv } from '@trivet/tool-sdk/guest';
export function run({ asked }) {
  return asked.map(([op, key, value]) => {
    try {
      return kv[op](key, value) ?? null;
    } catch (error) {
      if (error instanceof HostError) return { code: error.code, message: error.message, detail: error.detail };
      throw error;
    }
  });
}`;
const ATTACKS = `
import { kv } from '@trivet/tool-sdk/guest';
const attacks = {
  hugeValue: () => kv.set('huge', 'x'.repeat(10_000_000)),
  largeValue: () => kv.set('large', 'x'.repeat(70_000)),
  lineBreak: () => kv.set('a\\r\\nFLUSHALL\\r\\n', 1),
  manyKeys: () => { for (let index = 0; index < 1_000_000; index += 1) { try { kv.set('k' + index, index); } catch {} } },
  manyKeysUncaught: () => { for (let index = 0; index < 1_000_000; index += 1) kv.set('k' + index, index); },
};
export function run({ attack }) { attacks[attack](); return 'done'; }`;
const COUNTS_IN_ASSEMBLYSCRIPT = `
import { inputText, jsonString, kv, outputText } from "trivet";
export function run(): i32 {
  const word = jsonString(inputText(), "word");
  kv('{"op":"set","key":"word","value":"' + (word ? word : "") + '"}');
  outputText(kv('{"op":"get","key":"word"}'));
  return 0;
}`;

describe('kv', () => {
  let server: TestServer;
  let redis: Redis;
  let pool: SandboxPool;
  let operations: CatalogTool;
  let attacks: CatalogTool;
  const grants = { kv: true };

  beforeAll(async () => {
    bundlePrograms();
    server = await startRedis();
    redis = connectRedis({ url: server.url, name: 'spec' });
    pool = new SandboxPool({ slots: 2 });
    operations = await pluginFromSource('operations', { typeScript: OPERATIONS }, { grants });
    attacks = await pluginFromSource('attacks', { typeScript: ATTACKS }, { grants, limits: { memoryMib: 128, hostCalls: 2_000, timeoutMs: 60_000 } });
  }, 60_000);
  beforeEach(() => redis.flushall());
  afterAll(async () => {
    await pool.close();
    redis.disconnect();
    await server.stop();
  });

  const run = (tool: CatalogTool, input: JsonValue, options: CallOptions = {}): Promise<SandboxResult> => call(pool, tool, input, { services: { kv: createKv(createKvStore(redis)) }, ...options });
  const ask = (asked: JsonValue, options?: CallOptions): Promise<SandboxResult> => run(operations, { asked }, options);

  it('keeps what a tool sets for the next call of the same workflow, and counts each request as a host call', async () => {
    expect(await ask([['set', 'a', { text: 'ü 🌍' }], ['get', 'a'], ['get', 'none']])).toMatchObject({ output: [null, { text: 'ü 🌍' }, null], sandbox: { hostCalls: 3 } });
    expect(await ask([['get', 'a'], ['list'], ['delete', 'a'], ['list', 'a']])).toMatchObject({ output: [{ text: 'ü 🌍' }, ['a'], true, []], sandbox: { hostCalls: 4 } });
  });

  it('is seen by no other workflow of the tenant and by no other tenant, not by the same id either', async () => {
    await ask([['set', 'a', 'mine']]);
    for (const other of [{ workflowId: 'w2' }, { tenant: 'rival' }]) {
      expect(await ask([['get', 'a'], ['list'], ['delete', 'a'], ['set', 'a', 'theirs']], other)).toMatchObject({ output: [null, [], false, null] });
    }
    expect(await ask([['get', 'a']])).toMatchObject({ output: ['mine'] });
  });

  it('tells the tool what is over which limit', async () => {
    const { output } = { output: null, ...(await ask([['set', 'k'.repeat(200), 1], ['set', 'a', 'x'.repeat(KV_LIMITS.valueBytes)], ['set', 'a b', 1], ['list']])) };
    expect(output).toEqual([
      { code: 'invalid_request', message: expect.stringContaining('has 200 characters; the limit of kv is 128'), detail: { value: 200, limit: 128 } },
      { code: 'payload_too_large', message: expect.stringContaining('has 65538 bytes; the limit of kv is 65536'), detail: { value: 65538, limit: 65536 } },
      { code: 'invalid_request', message: expect.stringContaining('"a b" has a character'), detail: expect.anything() },
      [],
    ]);
  });

  it('is there for tools in AssemblyScript', async () => {
    const tool = await pluginFromSource('counts', { assemblyScript: COUNTS_IN_ASSEMBLYSCRIPT }, { grants });
    expect(await run(tool, { word: '语' })).toMatchObject({ output: { value: '语' } });
    expect(await createKvStore(redis).get({ tenant: 'default', workflowId: 'w1' }, 'word')).toBe('语');
  }, 30_000);

  it('is denied to a tool without the grant, which reads and writes nothing', async () => {
    const ungranted = await pluginFromSource('ungranted', { typeScript: OPERATIONS });
    expect(await run(ungranted, { asked: [['set', 'a', 1]] })).toMatchObject({ output: [{ code: 'tool_host_denied', message: 'Tool ungranted asked for kv, which its manifest does not grant.' }] });
    expect(await redis.dbsize()).toBe(0);
  });

  it('fails the call as unavailable, to be tried again, while Redis is away', async () => {
    const away = connectRedis({ url: 'redis://127.0.0.1:1', name: 'away' });
    const failing = await pluginFromSource('failing', { typeScript: "import { kv } from '@trivet/tool-sdk/guest'; export const run = () => kv.get('a');" }, { grants });
    expect(await run(failing, {}, { services: { kv: createKv(createKvStore(away)) } })).toMatchObject({ outcome: 'failed', failure: { code: 'unavailable', message: 'Redis does not answer.' } });
    away.disconnect();
  });

  describe('under attack', () => {
    const SHAPES: [attack: string, code: string, message: RegExp][] = [
      ['hugeValue', 'tool_memory_exceeded', /sent 100000\d\d bytes to kv; the limit is 4194304/],
      ['largeValue', 'payload_too_large', /value of large has 70002 bytes; the limit of kv is 65536/],
      ['lineBreak', 'invalid_request', /"a\\r\\nFLUSHALL\\r\\n" has a character that kv does not take/],
      ['manyKeysUncaught', 'payload_too_large', /would have 1001 entries; the limit is 1000/],
      ['manyKeys', 'tool_host_calls_exceeded', /host call number 2001 \(kv\); its limit is 2000/],
    ];
    it.each(SHAPES)('%s ends as %s, and its neighbours do not notice', async (attack, code, message) => {
      const echo = await echoPlugin();
      await ask([['set', 'a', 'mine']], { workflowId: 'neighbour' });
      const attacker = run(attacks, { attack });
      const neighbours = await Promise.all(Array.from({ length: 20 }, (_, index) => run(echo, index)));
      expect(neighbours.map((result) => (result.outcome === 'completed' ? result.output : result))).toEqual(Array.from({ length: 20 }, (_, index) => index));
      const result = await attacker;
      expect([codeOf(result), result.outcome === 'failed' ? result.failure.message : '']).toEqual([code, expect.stringMatching(message)]);
      expect(await ask([['get', 'a'], ['list']], { workflowId: 'neighbour' })).toMatchObject({ output: ['mine', ['a']] });
      expect(await redis.hlen(keys.kv({ tenant: 'default', workflowId: 'w1' }))).toBeLessThanOrEqual(KV_LIMITS.entries + 1);
    }, 90_000);

    it('takes a key that is called like the prototype for a key like any other', async () => {
      expect(await ask([['set', '__proto__', { admin: true }], ['get', '__proto__'], ['get', 'admin'], ['list']])).toMatchObject({ output: [null, { admin: true }, null, ['__proto__']] });
      expect(Reflect.get({}, 'admin')).toBeUndefined();
    });
  });
});
