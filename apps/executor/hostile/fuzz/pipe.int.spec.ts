import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CatalogTool } from '../../src/catalog/tool-catalog.js';
import { encodeFrame } from '../../src/sandbox/frames.js';
import { SandboxPool } from '../../src/sandbox/pool.js';
import { call, codeOf, echoPlugin, isAlive, until } from '../prepare.js';
import { deadlineOf, settingsOf } from './fuzz.config.js';
import { attackOnPipe, type Deed } from './pipe-attacks.js';
import { Witness, expectTyped, within } from './witness.js';

const SLOT_FILE = fileURLToPath(new URL('taken-over.cjs', import.meta.url));
const NO_END_MS = 30_000;

/** The real pool with real processes, whose program has been replaced by one that does whatever a case says. */
describe('a slot that has been taken over', () => {
  let pool: SandboxPool;
  let victim: CatalogTool;
  let neighbour: CatalogTool;
  let asked = 0;

  beforeAll(async () => {
    pool = new SandboxPool({ slots: 2, slotFile: SLOT_FILE });
    victim = await echoPlugin({ isolation: 'tenant', limits: { timeoutMs: 400, hostCalls: 5 }, grants: { files: true, model: true } });
    neighbour = await echoPlugin({ isolation: 'tenant', limits: { timeoutMs: 20_000 } });
  });
  afterAll(() => pool.close());

  const model = async () => {
    asked += 1;
    return { value: 'x'.repeat(100) };
  };
  const attack = (deeds: readonly Deed[]) => call(pool, victim, { deeds: deeds.map((deed) => ({ ...deed })) }, { tenant: 'red', services: { model } });

  /** The attack ends typed, and whoever is beside and after it gets what is theirs. */
  async function contains(deeds: readonly Deed[]): Promise<string> {
    asked = 0;
    const attacker = attack(deeds);
    const beside = call(pool, neighbour, { beside: true }, { tenant: 'blue' });
    const result = await within(NO_END_MS, attacker, 'the attacked call');
    expectTyped(result);
    expect(await within(NO_END_MS, beside, 'the call beside it')).toMatchObject({ outcome: 'completed', output: { beside: true } });
    const after = Promise.all([1, 2, 3].map((index) => call(pool, neighbour, { index }, { tenant: 'blue' })));
    expect((await within(NO_END_MS, after, 'a call after it')).map(codeOf)).toEqual(['completed', 'completed', 'completed']);
    expect(asked).toBeLessThanOrEqual(5);
    expect(pool.figures()).toMatchObject({ busy: 0, queued: 0 });
    return codeOf(result);
  }

  const FINE = '{"failure":null,"wallMs":1,"cpuMs":1,"peakMemoryBytes":0}';
  /** Frames in one piece, so that the second is there before the first can be answered. */
  const together = (...frames: [type: number, header: unknown][]): Deed => ({ do: 'write', hex: Buffer.concat(frames.map(([type, header]) => encodeFrame(type, header, Buffer.from('{}')))).toString('hex') });

  it.each<[string, Deed[], string]>([
    ['asks its host twice without waiting', [together([11, { name: 'model' }], [11, { name: 'model' }])], 'tool_crashed'],
    // Some of its questions may be answered before the next one comes.
    ['asks its host without end', [{ do: 'flood', type: 11, header: '{"name":"model"}', payload: '{}', times: 100_000 }], 'tool_crashed|tool_host_calls_exceeded'],
    ['says a second time that it is ready, and then answers', [{ do: 'frame', type: 10, header: '{}' }, { do: 'done' }], 'tool_crashed'],
    ['answers twice in one piece', [{ do: 'pair', header: FINE, payload: '1', rest: '05000000' }], 'tool_crashed'],
    ['answers while its host has not', [together([11, { name: 'model' }], [12, JSON.parse(FINE)])], 'tool_crashed'],
    ['answers with a code of its own making', [{ do: 'frame', type: 12, header: '{"failure":{"code":"fine","message":"x","detail":{}},"wallMs":1,"cpuMs":1,"peakMemoryBytes":1}' }], 'tool_crashed'],
    ['answers with a code that is not a tool’s', [{ do: 'frame', type: 12, header: '{"failure":{"code":"budget_exceeded","message":"x","detail":{}},"wallMs":1,"cpuMs":1,"peakMemoryBytes":1}' }], 'tool_crashed'],
    ['answers with figures that are none', [{ do: 'frame', type: 12, header: '{"failure":null,"wallMs":"x","cpuMs":null,"peakMemoryBytes":[]}', payload: '1' }], 'tool_crashed'],
    ['answers without a header', [{ do: 'frame', type: 12, header: 'null', payload: '1' }], 'tool_crashed'],
    ['answers with a header of ten million brackets', [{ do: 'frame', type: 12, header: '[', repeat: 10_000_000 }], 'tool_crashed|tool_timeout'],
    ['answers with an output of ten million brackets', [{ do: 'frame', type: 12, header: FINE, payload: '[', payloadTimes: 10_000_000 }], 'tool_output_invalid'],
    ['claims a frame of four gigabytes', [{ do: 'write', hex: 'ffffffff' }], 'tool_crashed'],
    ['sends a frame too short to have a type', [{ do: 'write', hex: '0100000005' }], 'tool_crashed'],
    ['sends nothing', [], 'tool_timeout'],
    ['asks in drips', [{ do: 'drip', hex: '00'.repeat(20_000) }], 'tool_crashed'],
    ['fills its stderr', [{ do: 'complain', text: 'x'.repeat(60_000), times: 500 }, { do: 'done' }], 'completed'],
    ['asks for more than it may', [{ do: 'ask', name: 'model', payload: '{}', times: 50 }], 'tool_host_calls_exceeded'],
    ['asks for what there is not', [{ do: 'ask', name: '__proto__', payload: '{}', times: 1 }], 'tool_crashed'],
    ['dies', [{ do: 'abort' }], 'tool_crashed'],
    ['is a benign twin of all this', [{ do: 'ask', name: 'model', payload: '{}', times: 5 }, { do: 'done' }], 'completed'],
  ])('that %s hurts nobody else', async (_what, deeds, code) => {
    expect(await contains(deeds)).toMatch(new RegExp(`^(${code})$`));
  }, 60_000);

  it('is ended when it speaks without having been asked', async () => {
    expect(await contains([{ do: 'done' }, { do: 'flood', type: 12, header: FINE, payload: '"forged"', times: 50 }])).toMatch(/completed|tool_crashed/);
    const next = await within(NO_END_MS, call(pool, victim, { mine: true }, { tenant: 'red' }), 'the next call of the same tenant');
    if (next.outcome === 'completed') expect(next.output).toEqual({ mine: true });
  }, 60_000);

  it('cannot end a call before it was given', async () => {
    // It says so without having read that it was given another one.
    await attack([{ do: 'done' }, { do: 'later', header: FINE, payload: '"forged"' }]);
    const next = await within(NO_END_MS, call(pool, victim, { mine: true }, { tenant: 'red' }), 'the next call of the same tenant');
    expect(next.outcome === 'completed' ? next.output : codeOf(next)).not.toBe('forged');
    if (next.outcome !== 'completed') expect(next).toMatchObject({ failure: { code: 'tool_crashed', message: expect.stringMatching(/a call that is not the one it was given|more before its frame was answered/) } });
  }, 60_000);

  it('is ended when it computes without a call, and an honest one is not', async () => {
    // One slot each and a tool that shares it, so that none is ended for being one too many.
    const shared = await echoPlugin({ limits: { timeoutMs: 20_000 } });
    const [honest, watched] = [1, 2].map(() => new SandboxPool({ slots: 1, slotFile: SLOT_FILE, limits: { idleLookMs: 500 } })) as [SandboxPool, SandboxPool];
    try {
      const idle = await call(honest, shared, 1);
      const spinner = await call(watched, shared, { deeds: [{ do: 'done' }, { do: 'spin' }] });
      expect([codeOf(idle), codeOf(spinner)]).toEqual(['completed', 'completed']);
      await until(() => !isAlive(spinner.sandbox.slotPid ?? 0), 'it is ended', 40_000);
      expect(isAlive(idle.sandbox.slotPid ?? 0)).toBe(true);
    } finally {
      await Promise.all([honest.close(), watched.close()]);
    }
  }, 60_000);

  it('hurts nobody else, whatever it does', async () => {
    const witness = new Witness();
    const ways = new Set<string>();
    await fc.assert(fc.asyncProperty(attackOnPipe, async (deeds) => void ways.add(await contains(deeds))), settingsOf('pipe'));
    witness.check();
    if (settingsOf('pipe').numRuns >= 100) expect([...ways]).toEqual(expect.arrayContaining(['completed', 'tool_crashed', 'tool_timeout']));
  }, deadlineOf('pipe'));
});
