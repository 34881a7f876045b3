import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** The program of an installed package. */
export const program = (name) => path.join(root, 'node_modules', '.bin', name);

/** Runs a command with its output going through; resolves to its exit code. Ctrl-C reaches it too, since it shares the terminal. */
export function runThrough(command, args, environment = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...environment }, stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(signal ? 1 : code));
  });
}

/** The same, and keeps the last lines that were printed. */
export function runAndRead(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env: process.env, stdio: ['inherit', 'pipe', 'inherit'] });
    let tail = '';
    child.stdout.on('data', (data) => {
      process.stdout.write(data);
      tail = (tail + data).slice(-20_000);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code: signal ? 1 : code, lastLines: tail.trimEnd().split('\n') }));
  });
}

/** nx without a daemon (nothing stays behind) and without a screen of its own. */
export function runTarget(target) {
  return runThrough(program('nx'), ['run-many', '-t', target, '--outputStyle=static', '--skipSync'], { NX_DAEMON: 'false', NX_TUI: 'false' });
}

/** Times a stage and says how it went. A stage passes when it resolves to something else than a non-zero exit code. */
export async function stage(name, work) {
  const startedAt = performance.now();
  console.log(`\n── ${name}`);
  const code = await work();
  const passed = code === 0 || code === undefined;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`── ${name}: ${passed ? 'passed' : 'FAILED'} in ${seconds} s`);
  return { name, passed, seconds };
}
