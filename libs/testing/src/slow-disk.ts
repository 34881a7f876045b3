import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Every fsync takes as much longer as a file says at that moment, in microseconds; everything else is as it was. */
const SHIM = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
static void wait_as_told(void) {
  const char *path = getenv("SLOW_DISK_FILE");
  int file = path ? open(path, O_RDONLY) : -1;
  if (file < 0) return;
  char text[32];
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  if (length <= 0) return;
  text[length] = 0;
  usleep((useconds_t) atol(text));
}
static int then(const char *name, int file) { return ((int (*)(int)) dlsym(RTLD_NEXT, name))(file); }
int fsync(int file) { wait_as_told(); return then("fsync", file); }
int fdatasync(int file) { wait_as_told(); return then("fdatasync", file); }
`;

/** A program that runs as it is, but on a disk whose fsync can be made slow while it runs. */
export interface SlowDisk {
  /** Runs the program; takes the program's own arguments. */
  program: string;
  setDelayMs: (ms: number) => void;
  remove: () => void;
}

/** @returns why there is none, where the shim cannot be compiled or loaded */
export function createSlowDisk(program: string): SlowDisk | { unavailable: string } {
  if (process.platform !== 'linux') return { unavailable: `slow fsync needs LD_PRELOAD of Linux; this is ${process.platform}` };
  const dir = mkdtempSync(join(tmpdir(), 'trivet-slow-disk-'));
  const paths = { source: join(dir, 'slow.c'), shim: join(dir, 'slow.so'), delay: join(dir, 'delay'), program: join(dir, 'program.sh') };
  const remove = (): void => rmSync(dir, { recursive: true, force: true });
  writeFileSync(paths.source, SHIM);
  try {
    execFileSync('gcc', ['-shared', '-fPIC', '-O2', '-o', paths.shim, paths.source, '-ldl'], { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    remove();
    return { unavailable: `slow fsync needs gcc to compile its shim: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}` };
  }
  writeFileSync(paths.delay, '0');
  writeFileSync(paths.program, `#!/bin/sh\nLD_PRELOAD='${paths.shim}' SLOW_DISK_FILE='${paths.delay}' exec '${program}' "$@"\n`);
  chmodSync(paths.program, 0o755);
  return {
    program: paths.program,
    setDelayMs: (ms) => {
      // A reader sees the old number or the new one, never half of it.
      writeFileSync(`${paths.delay}.new`, String(Math.round(ms * 1_000)));
      renameSync(`${paths.delay}.new`, paths.delay);
    },
    remove,
  };
}
