import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { admit } from '../../src/admission/admit.js';
import { ADMISSION_LIMITS } from '../../src/admission/rules.js';
import type { CatalogTool } from '../../src/catalog/tool-catalog.js';
import { SandboxPool } from '../../src/sandbox/pool.js';
import { call, codeOf, echoPlugin, manifestOf, pluginFromWat, prepareSandbox } from '../prepare.js';
import { deadlineOf, settingsOf } from './fuzz.config.js';
import { mutations, type Mutation } from './mutations.js';
import { seedModules, type SeedModules } from './seed-modules.js';
import { Witness, expectTyped, within } from './witness.js';

const NO_END_MS = 30_000;
const LONGEST_FINDING = 1000;
const OPTIONS = { limits: { timeoutMs: 150, memoryMib: 16 }, grants: { files: true, http: [{ host: '*' }] } };
const resolve = async (): Promise<never> => {
  throw Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' });
};

describe('modules that somebody has tampered with', () => {
  let pool: SandboxPool;
  let seeds: SeedModules;
  let frame: CatalogTool;
  let neighbour: CatalogTool;
  const outcomes = new Map<string, number>();
  let cases = 0;
  let admitted = 0;

  beforeAll(async () => {
    await prepareSandbox();
    seeds = await seedModules();
    frame = await pluginFromWat('subject', '(module (func (export "run") (result i32) (i32.const 0)))', { ...OPTIONS, isolation: 'tenant' });
    neighbour = await echoPlugin({ limits: { timeoutMs: 20_000 } });
    pool = new SandboxPool({ slots: 2 });
  }, 120_000);
  afterAll(() => pool.close());

  /** From a large one now and then: each costs some milliseconds to send and compile. */
  const begin = (which: number): Uint8Array => (which % 40 === 39 ? seeds.large : seeds.small[which % seeds.small.length]) ?? seeds.large;

  async function tamper(which: number, changes: readonly Mutation[]): Promise<void> {
    const module = changes.reduce((bytes, mutate) => (bytes.length === 0 ? bytes : mutate(bytes, seeds.small)), begin(which));
    const admission = admit(module, manifestOf('subject', OPTIONS), { maxMemoryMib: 256 });
    cases += 1;
    if (!admission.admitted) {
      expect(admission.findings.length).toBeGreaterThan(0);
      expect(admission.findings.length).toBeLessThanOrEqual(ADMISSION_LIMITS.findings);
      for (const { message } of admission.findings) expect(message.length).toBeLessThan(LONGEST_FINDING);
      return;
    }
    admitted += 1;
    const tool = { ...frame, sandbox: { ...frame.sandbox, module: admission.module, digest: createHash('sha256').update(admission.module).digest('hex') } };
    const beside = admitted % 10 === 0 ? call(pool, neighbour, { cases }) : null;
    const result = await within(NO_END_MS, call(pool, tool, { text: 'some words' }, { tenant: 'red', egress: { resolve } }), 'a module');
    expectTyped(result);
    outcomes.set(codeOf(result), (outcomes.get(codeOf(result)) ?? 0) + 1);
    if (beside) expect(await within(NO_END_MS, beside, 'its neighbour')).toMatchObject({ outcome: 'completed', output: { cases } });
  }

  it('are refused, or run and end typed, and hurt nobody else', async () => {
    const witness = new Witness();
    await fc.assert(fc.asyncProperty(fc.nat(1000), mutations, tamper), settingsOf('modules'));
    witness.check();
    // A fuzzer whose modules all die at the door, or none, or all in the same way, tests one thing only.
    if (cases < 1000) return;
    expect(admitted / cases).toBeGreaterThan(0.1);
    expect(admitted / cases).toBeLessThan(0.95);
    expect([...outcomes.keys()]).toEqual(expect.arrayContaining(['completed', 'tool_refused', 'tool_trapped', 'tool_output_invalid', 'tool_timeout']));
  }, deadlineOf('modules'));
});
