import { spawn, spawnSync, type ChildProcess, type StdioOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { PAGES_PER_MIB, PROCESS_OVERHEAD_MIB, type SandboxLimits } from './limits.js';

/** How a contained process is started: decided once, from what this machine allows. */
export interface Launch {
  program: string;
  arguments: string[];
  /** The arguments of `unshare` that give a process without a network; null where the kernel allows none. */
  networkNamespace: string[] | null;
}

const SLOT_FILE = fileURLToPath(new URL('../../dist/slot.cjs', import.meta.url));

/** @param slotFile the program of a slot, the only file it may read */
export function planLaunch(limits: SandboxLimits, slotFile: string = SLOT_FILE): Launch {
  if (!existsSync(slotFile)) throw new Error(`The sandbox process is not built (${slotFile} is missing); run npm run build.`);
  const options = [
    `--wasm-max-mem-pages=${limits.maxMemoryMib * PAGES_PER_MIB}`,
    '--max-old-space-size=64',
    '--max-semi-space-size=2',
    // Every call leaves a dead WebAssembly memory behind; marking in small steps for those costs more than the calls do.
    '--no-incremental-marking',
    '--expose-gc',
  ];
  return planContained({ file: slotFile, options, dataMib: limits.maxMemoryMib + PROCESS_OVERHEAD_MIB });
}

export interface Contained {
  /** The program, and the only file it may read. */
  file: string;
  /** Of Node. */
  options: readonly string[];
  /** Memory it may write. */
  dataMib: number;
  /** CPU time after which the kernel ends it, also when nobody is left to do so. */
  cpuSeconds?: number;
}

/** How to start a process that is not trusted: without a network where the kernel allows it, without files, and the first to go when memory is short. */
export function planContained({ file, options, dataMib, cpuSeconds }: Contained): Launch {
  const networkNamespace = findNetworkNamespace();
  const node = [process.execPath, '--no-warnings', ...options, permissionFlag(), `--allow-fs-read=${file}`, file];
  // `ulimit -d` counts only memory that can be written, so that the guard regions of WebAssembly do not matter.
  const script = `ulimit -d ${dataMib * 1024} 2>/dev/null; ulimit -c 0;${cpuSeconds === undefined ? '' : ` ulimit -t ${cpuSeconds};`} echo 1000 2>/dev/null >/proc/self/oom_score_adj; unset PWD OLDPWD; exec "$@"`;
  return { program: '/bin/sh', arguments: ['-c', script, 'slot', ...(networkNamespace ?? []), ...node], networkNamespace };
}

/** Tools compute when the services do not want to: a plugin that burns all it gets must not slow down the answers to everybody else. */
const NICENESS = 10;

/** Nothing of ours reaches the child: no environment, no descriptor but the pipe (3) and a stderr that is read and cut. */
export function launchSlot(launch: Launch): ChildProcess {
  return launchContained(launch, ['ignore', 'ignore', 'pipe', 'pipe']);
}

export function launchContained(launch: Launch, stdio: StdioOptions): ChildProcess {
  const child = spawn(launch.program, launch.arguments, { stdio, env: {}, cwd: '/' });
  if (child.pid !== undefined) lowerPriority(child.pid);
  return child;
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, NICENESS);
  } catch {
    // It has ended already, or this system does not let us.
  }
}

function permissionFlag(): string {
  return process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
}

function findNetworkNamespace(): string[] | null {
  const unshare = ['/usr/bin/unshare', '/bin/unshare'].find((path) => existsSync(path));
  if (!unshare) return null;
  const ways = [[unshare, '-rn'], [unshare, '-n']];
  return ways.find(([program = '', ...options]) => spawnSync(program, [...options, '/bin/true'], { stdio: 'ignore', env: {} }).status === 0) ?? null;
}
