import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from './make-folder.js';

describe('makeFolder', () => {
  const root = mkdtempSync(join(tmpdir(), 'trivet-folder-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('makes what is missing, and leaves what is there', () => {
    makeFolder(join(root, 'a', 'b', 'c'));
    makeFolder(join(root, 'a', 'b', 'c'));
    expect(statSync(join(root, 'a', 'b', 'c')).isDirectory()).toBe(true);
  });

  it('names the folder that cannot be made, and why', () => {
    writeFileSync(join(root, 'file'), '');
    expect(() => makeFolder(join(root, 'file', 'x'))).toThrow(/file cannot be made \(.*EEXIST/);
  });

  (process.platform === 'linux' ? it : it.skip)('comes back below /proc too', () => {
    expect(() => makeFolder('/proc/x')).toThrow(/\/proc\/x cannot be made/);
  });
});
