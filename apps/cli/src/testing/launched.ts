import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../launcher/project-paths.js';
import { isAlive, until } from './processes.js';

/** A `trivet` command as a process of its own, as a person would start it. */
export interface Launched {
  readonly child: ChildProcess;
  readonly pid: number;
  output(): string;
  errors(): string;
  /** Resolves to the exit code, or to the signal's name. */
  ended: Promise<number | string>;
  /** Waits for a line on stdout. */
  said(pattern: RegExp, withinMs?: number): Promise<void>;
}

export function launch(args: readonly string[], environment: Record<string, string> = {}): Launched {
  const child = spawn(process.execPath, [join(projectRoot, 'apps/cli/dist/main.js'), ...args], { env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = new Promise<number | string>((resolve) => child.once('close', (code, signal) => resolve(signal ?? code ?? -1)));
  return {
    child,
    pid: child.pid ?? 0,
    output: () => output,
    errors: () => errors,
    ended,
    said: async (pattern, withinMs = 100_000) => {
      await until(() => pattern.test(output) || child.exitCode !== null, withinMs).catch(() => undefined);
      if (!pattern.test(output)) throw new Error(`it never said ${pattern}; stdout: ${output} stderr: ${errors}`);
    },
  };
}

/** Every process below this one, and every member of their process groups: what must be gone when it is gone. */
export function familyOf(pid: number): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => readProcess(Number(name)));
  const family = new Set([pid]);
  const groups = new Set<number>();
  for (let grown = true; grown; ) {
    grown = false;
    for (const each of all) {
      if (family.has(each.pid) || !(family.has(each.parent) || groups.has(each.group))) continue;
      family.add(each.pid);
      if (each.group === each.pid) groups.add(each.group);
      grown = true;
    }
  }
  family.delete(pid);
  return [...family];
}

export const anyAlive = (pids: readonly number[]): boolean => pids.some(isAlive);

function readProcess(pid: number): { pid: number; parent: number; group: number }[] {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return [{ pid, parent: Number(fields[1]), group: Number(fields[2]) }];
  } catch {
    return [];
  }
}
