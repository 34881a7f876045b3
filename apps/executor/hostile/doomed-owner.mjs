// A process that owns a pool whose two slots loop for ever. It prints their ids and waits to be
// killed, or with the argument `close` closes the pool, with nothing else to do.
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const outfile = here('../dist/doomed/pool.mjs');
await build({ entryPoints: [here('../src/sandbox/pool.ts')], outfile, bundle: true, platform: 'node', format: 'esm', conditions: ['@trivet/source'], logLevel: 'error' });
const { SandboxPool } = await import(outfile);

// (module (func (export "run") (result i32) (loop (br 0)) (i32.const 0)))
const module = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0, 7, 7, 1, 3, 0x72, 0x75, 0x6e, 0, 0, 10, 11, 1, 9, 0, 3, 0x40, 0x0c, 0, 0x0b, 0x41, 0, 0x0b);
const tool = { name: 'loop', digest: 'a'.repeat(64), module, entry: 'run', limits: { timeoutMs: 600_000, memoryMib: 1, outputKib: 1, hostCalls: 0 }, isolation: 'shared' };

const pool = new SandboxPool({ slots: 2 });
void pool.run(tool, {}, { tenant: 'default', host: async () => ({ value: null }) });
void pool.run(tool, {}, { tenant: 'default', host: async () => ({ value: null }) });
while (pool.figures().busy < 2) await new Promise((resolve) => setTimeout(resolve, 10));
console.log(JSON.stringify(pool.pids()));
if (process.argv[2] === 'close') {
  await pool.close();
  console.log('closed');
} else {
  setInterval(() => undefined, 1000);
}
