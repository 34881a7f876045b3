import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../exit-codes.js';
import { projectRoot } from '../launcher/project-paths.js';
import type { Registry } from '../program.js';

/** version (the launcher script answers it before anything is built; this one answers when the CLI is started directly). */
export function registerVersion({ program, action }: Registry): void {
  program.command('version').description('print the version').action(action(async ({ print }) => {
    const version = readVersion();
    print.one({ version, node: process.versions.node }, version);
    return EXIT.ok;
  }));
}

export function readVersion(): string {
  const { version }: { version: string } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
  return version;
}
