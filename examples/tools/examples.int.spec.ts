import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ToolCase, type JsonValue } from '@trivet/contracts';
import { buildTool, readManifest } from '@trivet/tool-sdk';
import { z } from 'zod';
import { mistakeInCase } from '../../apps/executor/src/catalog/tool-case.js';
import { schemaFindings } from '../../apps/executor/src/catalog/schema-findings.js';
import { admitTool, type CatalogTool } from '../../apps/executor/src/catalog/tool-catalog.js';
import { SandboxPool } from '../../apps/executor/src/sandbox/pool.js';
import { callTool } from '../../apps/executor/src/call-tool.js';
import { createCaseHost } from '../../apps/executor/src/host/case-host.js';
import { call } from '../../apps/executor/hostile/prepare.js';

const HERE = import.meta.dirname;
const runs = (command: string, ...options: string[]): string | null => {
  const { status, stdout } = spawnSync(command, options, { encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } });
  return status === 0 ? stdout.trim() : null;
};

/** Why the module of an example cannot be made on this machine; null when it can. */
const LACKING: Record<string, () => string | null> = {
  word_count_c: () => (runs('clang', '--version') && runs('wasm-ld', '--version') ? null : 'no clang and lld (apt-get install clang lld)'),
  word_count_rust: () => {
    const libraries = runs('rustc', '--print', 'target-libdir', '--target', 'wasm32-unknown-unknown');
    return libraries && existsSync(libraries) && runs('wasm-ld', '--version') ? null : 'no rustc for wasm32 (apt-get install rustc libstd-rust-dev-wasm32 lld)';
  },
};

/** A service for rates, as `exchange` finds it when the operator has set one up. */
const memory = new Map<string, JsonValue>();
const kv = async (_call: unknown, request: JsonValue) => {
  const { op, key, value = null } = request as { op: string; key: string; value?: JsonValue };
  if (op === 'set') memory.set(key, value);
  return { value: memory.get(key) ?? null };
};

describe('the example', () => {
  let pool: SandboxPool;
  beforeAll(() => void (pool = new SandboxPool({ slots: 1 })));
  afterAll(() => pool.close());

  async function built(name: string): Promise<CatalogTool> {
    const folder = join(HERE, name);
    if (existsSync(join(folder, 'build.sh'))) {
      const { status, stderr } = spawnSync(join(folder, 'build.sh'), { encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
    }
    const { file } = await buildTool(folder);
    const manifest = await readManifest(folder);
    expect([manifest.name, schemaFindings(manifest)]).toEqual([name, []]);
    return admitTool(manifest, new Uint8Array(readFileSync(file)), { maxMemoryMib: 256, bundled: false });
  }

  const names = readdirSync(HERE, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  for (const name of names) {
    const lacking = LACKING[name]?.() ?? null;
    (lacking ? it.skip : it)(`${name} is built, admitted, and passes its cases${lacking ? ` [skipped: ${lacking}]` : ''}`, async () => {
      const tool = await built(name);
      const cases = z.array(ToolCase).min(3).parse(JSON.parse(readFileSync(join(HERE, name, 'cases.json'), 'utf8')));
      for (const each of cases) expect([each.name, mistakeInCase(each, await callTool(pool, tool, each.input, { tenant: 'default', host: createCaseHost(tool.manifest) }))]).toEqual([each.name, null]);
    }, 60_000);
  }

  it('exchange asks the service once in a workflow', async () => {
    memory.clear();
    let asked = 0;
    const http = async () => {
      asked += 1;
      return { value: { status: 200, url: 'x', headers: {}, body: '{"rates":{"USD":1.25}}' } };
    };
    const tool = await built('exchange');
    const input = { amount: 10.01, from: 'EUR', to: 'USD' };
    expect(await call(pool, tool, input, { services: { kv, http } })).toMatchObject({ output: { amount: 12.51, rate: 1.25, source: 'service' } });
    expect(await call(pool, tool, { ...input, amount: 1 }, { services: { kv, http } })).toMatchObject({ output: { amount: 1.25, source: 'workflow' } });
    expect(asked).toBe(1);
  });
});
