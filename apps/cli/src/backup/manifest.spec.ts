import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FORMAT, isLater, MANIFEST, readManifest } from './manifest.js';

const whole = { format: FORMAT, trivet: '0.1.0', startedAt: '', finishedAt: '', redis: null, streams: [] };

describe('the manifest of a backup', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'trivet-manifest-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const write = (manifest: unknown): void => writeFileSync(join(folder, MANIFEST), JSON.stringify(manifest));

  it('is read by the version that made it and by later ones', () => {
    write(whole);
    expect(readManifest(folder, '0.1.0')).toEqual(whole);
    expect(readManifest(folder, '0.10.2')).toEqual(whole);
  });

  it.each([
    ['that was cut short', undefined, 'cut short'],
    ['of a later version', { ...whole, trivet: '0.2.0' }, 'made by Trivet 0.2.0, and this is 0.1.0'],
    ['of a later form', { ...whole, format: FORMAT + 1 }, `the form ${FORMAT + 1}`],
    ['that names files elsewhere', { ...whole, streams: [{ name: 'EVENTS', file: '../../etc/passwd', bytes: 1, sha256: 'a'.repeat(64), config: {}, state: { messages: 1, first_seq: 1, last_seq: 1 } }] }, 'streams/0/file'],
  ])('%s is refused, with the reason', (_name, manifest, reason) => {
    if (manifest) write(manifest);
    expect(() => readManifest(folder, '0.1.0')).toThrow(reason);
  });

  it('compares versions by their numbers', () => expect([isLater('0.10.0', '0.9.9'), isLater('1.0.0', '1.0.0'), isLater('0.9.9', '1.0.0')]).toEqual([true, false, false]));
});
