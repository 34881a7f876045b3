import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonValue, ToolGrants, ToolLimits, ToolManifest } from '@trivet/contracts';
import { buildTool, compileAssemblyScript, compileWat } from '@trivet/tool-sdk';
import { admitTool, loadTools, type CatalogTool } from '../src/catalog/tool-catalog.js';
import { createHttpExchange, type EgressOptions } from '../src/host/egress/http-exchange.js';
import { folderDocuments } from '../src/host/files.js';
import { createHostHandler, type HostServices } from '../src/host/host-functions.js';
import { callTool } from '../src/call-tool.js';
import type { RunOptions } from '../src/sandbox/job.js';
import type { SandboxPool } from '../src/sandbox/pool.js';
import type { SandboxResult } from '../src/sandbox/result.js';

const folder = fileURLToPath(new URL('..', import.meta.url));
export const PLUGINS_FOLDER = join(folder, 'plugins');

/** What `npm run build` makes of the executor: the sandbox process and the bundled tools. Quick when nothing changed. */
export async function prepareSandbox(): Promise<Map<string, CatalogTool>> {
  bundlePrograms();
  const folders = readdirSync(PLUGINS_FOLDER).filter((name) => existsSync(join(PLUGINS_FOLDER, name, 'tool.json')));
  await Promise.all(folders.map((name) => buildTool(join(PLUGINS_FOLDER, name))));
  return loadTools(PLUGINS_FOLDER, { maxMemoryMib: 256 });
}

/** Enough for tests that bring their own modules, and for those of documents. */
export function bundlePrograms(): void {
  execFileSync(process.execPath, [join(folder, 'bundle.mjs')]);
}

export interface PluginOptions {
  entry?: string;
  grants?: ToolGrants;
  limits?: Partial<ToolLimits>;
  /** As an uploaded tool: a process of its own for each tenant. */
  isolation?: 'shared' | 'tenant';
}

export function manifestOf(name: string, { entry, grants, limits }: PluginOptions = {}): ToolManifest {
  return {
    name, version: '1.0.0', description: 'A plugin of a test', input: {}, output: {},
    limits: { timeoutMs: 3000, memoryMib: 32, outputKib: 64, hostCalls: 10, ...limits },
    ...(entry ? { entry } : {}),
    ...(grants ? { grants } : {}),
  };
}

/** A plugin from WebAssembly text, admitted as an uploaded one would be. */
export async function pluginFromWat(name: string, wat: string, options: PluginOptions = {}): Promise<CatalogTool> {
  return admitTool(manifestOf(name, options), await compileWat(wat), { maxMemoryMib: 256, bundled: options.isolation !== 'tenant' });
}

let evil: Promise<Uint8Array> | null = null;

/** One of the attacks in evil.as.ts. */
export async function evilPlugin(entry: string, options: PluginOptions = {}): Promise<CatalogTool> {
  evil ??= compileAssemblyScript(join(folder, 'hostile', 'evil.as.ts'));
  return admitTool(manifestOf(entry, { ...options, entry }), await evil, { maxMemoryMib: 256, bundled: options.isolation !== 'tenant' });
}

/** Gives back its input, byte by byte. */
export const ECHO = `(module
  (import "extism:host/env" "input_length" (func $length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $load (param i64) (result i32)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (func (export "run") (result i32) (local $n i64) (local $block i64) (local $i i64)
    (local.set $n (call $length))
    (local.set $block (call $alloc (local.get $n)))
    (block $done (loop $next
      (br_if $done (i64.ge_u (local.get $i) (local.get $n)))
      (call $store (i64.add (local.get $block) (local.get $i)) (call $load (local.get $i)))
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br $next)))
    (call $output (local.get $block) (local.get $n))
    (i32.const 0)))`;

/** Gives back what it gets: the neighbour that must not notice. */
export const echoPlugin = (options: PluginOptions = {}): Promise<CatalogTool> => pluginFromWat('echo', ECHO, options);

/** A plugin from the source of its tool.ts, or of its tool.as.ts. */
export async function pluginFromSource(name: string, source: { typeScript: string } | { assemblyScript: string }, options: PluginOptions = {}): Promise<CatalogTool> {
  const dir = mkdtempSync(join(tmpdir(), 'trivet-plugin-'));
  try {
    writeFileSync(join(dir, 'tool.json'), JSON.stringify(manifestOf(name, options)));
    if ('typeScript' in source) writeFileSync(join(dir, 'tool.ts'), source.typeScript);
    else writeFileSync(join(dir, 'tool.as.ts'), source.assemblyScript);
    const { file } = await buildTool(dir);
    return admitTool(manifestOf(name, options), new Uint8Array(readFileSync(file)), { maxMemoryMib: 256, bundled: options.isolation !== 'tenant' });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

export interface CallOptions extends Partial<Omit<RunOptions, 'host'>> {
  services?: Partial<HostServices>;
  egress?: EgressOptions;
  workflowId?: string;
}

/** Calls a tool as the executor does, with the sample corpus and without a model. */
export function call(pool: SandboxPool, tool: CatalogTool, input: JsonValue, { services, egress, tenant = 'default', workflowId = 'w1', ...options }: CallOptions = {}): Promise<SandboxResult> {
  const context = { tenant, workflowId, stepId: 's1', callId: 'c1', attempt: 1, tool: tool.manifest.name, depth: options.depth ?? 0 };
  const all: HostServices = { http: createHttpExchange(egress), documents: () => corpus, log: () => undefined, progress: () => undefined, ...services };
  return callTool(pool, tool, input, { tenant, host: createHostHandler(context, tool.manifest.grants ?? {}, all), ...options });
}

const corpus = folderDocuments(join(PLUGINS_FOLDER, 'corpus'));

export const codeOf = (result: SandboxResult): string => (result.outcome === 'failed' ? result.failure.code : 'completed');

/** Waits for a condition with a deadline; the tests' only clock. */
export async function until(condition: () => boolean, what: string, deadlineMs = 5000): Promise<void> {
  const endsAt = performance.now() + deadlineMs;
  while (!condition()) {
    if (performance.now() > endsAt) throw new Error(`Waited ${deadlineMs} ms in vain: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A process that ended and was not waited for: where nobody reaps orphans, they stay in the table. */
export function isZombie(pid: number): boolean {
  return existsSync(`/proc/${pid}/stat`) && readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.startsWith('Z') === true;
}
