import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** For tests: a program that does nothing but say its version, in a folder for PATH. Returns the folder. */
export function stubBinary(folder: string, name: string, versionLine: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `#!/bin/sh\necho '${versionLine}'\n`);
  chmodSync(join(folder, name), 0o755);
  return folder;
}
