import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildNeeded, installNeeded } from '../bin/prepare.mjs';

let root: string;
const LONG_AGO = new Date('2020-01-01');
const LATER = new Date('2020-06-01');

function write(file: string, text: string, at = LONG_AGO): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
  for (let folder = dirname(join(root, file)); folder.startsWith(root); folder = dirname(folder)) utimesSync(folder, LONG_AGO, LONG_AGO);
  utimesSync(join(root, file), at, at);
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'trivet-prepare-'));
  write('package-lock.json', '{}');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('installNeeded', () => {
  it('is so on a fresh clone', () => {
    expect(installNeeded(root)).toBe(true);
  });

  it('is not so after npm ci was run by hand, until the lock file changes', () => {
    write('node_modules/.package-lock.json', '{}', LATER);
    expect(installNeeded(root)).toBe(false);
    write('package-lock.json', '{ "other": true }');
    expect(installNeeded(root)).toBe(true);
  });

  it('is so when the packages are older than the lock file', () => {
    write('node_modules/.package-lock.json', '{}', LONG_AGO);
    write('package-lock.json', '{}', LATER);
    expect(installNeeded(root)).toBe(true);
  });
});

describe('buildNeeded', () => {
  beforeEach(() => {
    write('apps/cli/src/main.ts', '');
    write('apps/cli/dist/main.js', '');
    write('libs/bus/src/index.ts', '');
    write('.cache/build-stamp', '', LATER);
  });

  it('is not so when nothing changed', () => {
    expect(buildNeeded(root)).toBe(false);
  });

  it.each(['libs/bus/src/index.ts', 'libs/bus/src/deep/new.ts', 'package.json', 'apps/executor/plugins/web_search/tool.ts', 'contracts/package.json'])('is so when %s is newer', (file) => {
    write(file, '', new Date('2020-07-01'));
    expect(buildNeeded(root)).toBe(true);
  });

  it('is so when a source was deleted', () => {
    rmSync(join(root, 'libs/bus/src/index.ts'));
    expect(buildNeeded(root)).toBe(true);
  });

  it('is so when an app has no output', () => {
    rmSync(join(root, 'apps/cli/dist'), { recursive: true });
    expect(buildNeeded(root)).toBe(true);
  });

  it('takes no notice of outputs and packages', () => {
    write('apps/cli/dist/main.js', '', new Date('2020-07-01'));
    write('apps/cli/node_modules/x/index.js', '', new Date('2020-07-01'));
    expect(buildNeeded(root)).toBe(false);
  });
});
