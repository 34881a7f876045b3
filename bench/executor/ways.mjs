import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { callPlainly } from './plain-host.mjs';

const require = createRequire(new URL('../../apps/executor/package.json', import.meta.url));
const { createPlugin } = require('@extism/extism');
const { SandboxPool } = await import(new URL('../../apps/executor/dist/sandbox/pool.js', import.meta.url).href);
const ONE_CALL = fileURLToPath(new URL('one-call.mjs', import.meta.url));

/** Host functions of ours that a plugin may import; in a benchmark none of them is a matter of I/O. */
const HOST_FUNCTIONS = ['http', 'model', 'log', 'progress', 'files', 'tool', 'kv', 'memory'];
const answer = async () => ({ value: null });

/** Trivet's pool: a fresh instance in a process that can be killed. */
export function openPool(slots) {
  const pool = new SandboxPool({ slots });
  return {
    call: async (tool, input) => {
      const result = await pool.run(tool, JSON.parse(input), { tenant: 'bench', host: answer });
      if (result.outcome !== 'completed') throw new Error(JSON.stringify(result.failure));
      return result.output;
    },
    pids: () => pool.pids(),
    close: () => pool.close(),
  };
}

/** No containment at all: an instance a call in this process. */
export function openPlain() {
  const modules = new Map();
  return {
    call: async (tool, input) => {
      if (!modules.has(tool.name)) modules.set(tool.name, new WebAssembly.Module(tool.module));
      return JSON.parse(callPlainly(modules.get(tool.name), tool.entry, input).toString());
    },
    close: async () => undefined,
  };
}

/** Extism as it comes, with a fresh plugin a call: in its worker thread, which is its way to bound the time of a call, or in this thread. */
export function openExtism(runInWorker) {
  const modules = new Map();
  const functions = { 'extism:host/user': Object.fromEntries(HOST_FUNCTIONS.map((name) => [name, (context) => context.store('{"value":null}')])) };
  return {
    call: async (tool, input) => {
      if (!modules.has(tool.name)) modules.set(tool.name, new WebAssembly.Module(tool.module));
      const plugin = await createPlugin({ wasm: [{ module: modules.get(tool.name), name: 'main' }] }, { functions, runInWorker });
      try {
        return (await plugin.call(tool.entry, input)).json();
      } finally {
        await plugin.close();
      }
    },
    close: async () => undefined,
  };
}

/** A process a call: started, fed, read, gone. */
export function openProcesses(fileOf) {
  return {
    call: (tool, input) => new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ['--no-warnings', ONE_CALL, fileOf(tool), tool.entry], { stdio: ['pipe', 'pipe', 'inherit'], env: {} });
      const chunks = [];
      child.stdout.on('data', (chunk) => chunks.push(chunk));
      child.on('error', reject);
      child.on('close', (code) => (code === 0 ? resolve(JSON.parse(Buffer.concat(chunks).toString())) : reject(new Error(`the process ended with ${code}`))));
      child.stdin.end(input);
    }),
    close: async () => undefined,
  };
}
