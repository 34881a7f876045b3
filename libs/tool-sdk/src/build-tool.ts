import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PDK_FILE, compileAssemblyScript } from './assemblyscript.js';
import { bakePython } from './bake-python.js';
import { bake, type BakeOptions } from './bake.js';
import { bundleTool } from './bundle.js';
import { baseInterpreter } from './interpreter.js';
import { readManifest } from './manifest.js';
import { interpreterSource, sha256 } from './merge-modules.js';
import { micropythonRecipe } from './micropython.js';

export interface BuiltTool {
  name: string;
  file: string;
  bytes: number;
  /** sha256 of the module. */
  digest: string;
  /** False when nothing it is made of had changed. */
  built: boolean;
  elapsedMs: number;
}

/** Raised when the way tools are built changes, so that all are built again. */
const BUILD_VERSION = 1;

/**
 * Builds the tool in a folder (tool.json and tool.ts, tool.as.ts for AssemblyScript, tool.py for Python, or tool.wasm, which
 * another toolchain made) to dist/<name>.wasm, unless the one that is there was made of the same things.
 */
export async function buildTool(folder: string): Promise<BuiltTool> {
  const startedAt = performance.now();
  const manifest = await readManifest(folder);
  const target = join(folder, 'dist', `${manifest.name}.wasm`);
  const recordFile = join(folder, 'dist', 'build.json');
  const recipe = await recipeOf(folder, manifest.limits);
  const record = existsSync(recordFile) && existsSync(target) ? parseRecord(await readFile(recordFile, 'utf8')) : null;
  if (record?.source === recipe.source) {
    const bytes = await readFile(target);
    if (sha256(bytes) === record.digest) return { name: manifest.name, file: target, bytes: bytes.length, digest: record.digest, built: false, elapsedMs: performance.now() - startedAt };
  }
  const module = await recipe.make();
  const digest = sha256(module);
  await mkdir(join(folder, 'dist'), { recursive: true });
  await writeFile(target, module);
  await writeFile(recordFile, `${JSON.stringify({ source: recipe.source, digest })}\n`);
  return { name: manifest.name, file: target, bytes: module.length, digest, built: true, elapsedMs: performance.now() - startedAt };
}

interface Recipe {
  /** A hash of everything the module is made of. */
  source: string;
  make(): Promise<Uint8Array>;
}

async function recipeOf(folder: string, limits: BakeOptions): Promise<Recipe> {
  const [assembly, python] = [join(folder, 'tool.as.ts'), join(folder, 'tool.py')];
  if (existsSync(assembly)) return assemblyRecipe(folder, assembly);
  if (existsSync(python)) return pythonRecipe(folder, limits);
  const [script, module] = [join(folder, 'tool.ts'), join(folder, 'tool.wasm')];
  if (existsSync(script)) return scriptRecipe(script, limits);
  if (existsSync(module)) return moduleRecipe(module);
  throw new Error(`${folder} has no tool.ts, tool.as.ts, tool.py or tool.wasm${existsSync(join(folder, 'build.sh')) ? '; run its build.sh first' : ''}.`);
}

async function moduleRecipe(file: string): Promise<Recipe> {
  const module = await readFile(file);
  return { source: sha256(`${BUILD_VERSION}\0${sha256(module)}`), make: async () => module };
}

async function scriptRecipe(entry: string, { memoryMib, timeoutMs }: BakeOptions): Promise<Recipe> {
  const script = await bundleTool(entry);
  const base = await baseInterpreter();
  return { source: sha256(`${BUILD_VERSION}\0${sha256(base)}\0${memoryMib}\0${timeoutMs}\0${script}`), make: () => bake(script, { memoryMib, timeoutMs }) };
}

async function assemblyRecipe(folder: string, entry: string): Promise<Recipe> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.ts')).sort();
  const texts = await Promise.all([PDK_FILE, ...names.map((name) => join(folder, name))].map((file) => readFile(file, 'utf8')));
  return { source: sha256([BUILD_VERSION, ...texts].join('\0')), make: () => compileAssemblyScript(entry) };
}

/** The files of a tool in Python are loaded one after the other as one module, tool.py last. */
async function pythonRecipe(folder: string, { memoryMib }: BakeOptions): Promise<Recipe> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.py') && name !== 'tool.py').sort();
  const script = (await Promise.all([...names, 'tool.py'].map((name) => readFile(join(folder, name), 'utf8')))).join('\n');
  const [base, driver] = await Promise.all([micropythonRecipe(), interpreterSource('micropython/driver.py')]);
  return { source: sha256([BUILD_VERSION, base, memoryMib, driver, script].join('\0')), make: () => bakePython(script, { memoryMib }) };
}

function parseRecord(text: string): { source: string; digest: string } | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
