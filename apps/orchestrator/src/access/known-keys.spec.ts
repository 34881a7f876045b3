import type { StoredApiKey } from '@trivet/state';
import { createKnownKeys } from './known-keys.js';
import { sha256 } from './secrets.js';

const keyOf = (secret: string): StoredApiKey => ({ id: `k-${secret}`, name: secret, tenant: 'default', role: 'admin', hash: sha256(secret), createdAt: '', createdBy: 'http', rotatedAt: null, expiresAt: null });

describe('the keys an orchestrator knows', () => {
  let stored: StoredApiKey[] = [];
  let reads = 0;
  const open = () => {
    reads = 0;
    const list = async (): Promise<StoredApiKey[]> => {
      reads += 1;
      return [...stored];
    };
    return createKnownKeys({ store: { list, noteUse: () => Promise.resolve() } as never, operatorSecret: undefined, nowMs: () => 0, onError: () => undefined });
  };

  it('has one at once that another orchestrator made a moment ago, by its secret and by a session', async () => {
    stored = [keyOf('first')];
    const known = open();
    expect(await known.areConfigured()).toBe(true);
    stored = [keyOf('first'), keyOf('second')];
    expect((await known.bySecret('second')).name).toBe('second');
    stored = [...stored, keyOf('third')];
    expect((await known.byId('k-third', sha256('third')))?.name).toBe('third');
    expect(await known.byId('k-third', sha256('another'))).toBeNull();
  });

  it('reads them a few times only, however many guess at them at once', async () => {
    stored = [keyOf('first')];
    const known = open();
    await known.areConfigured();
    await Promise.all(Array.from({ length: 100 }, (_, index) => expect(known.bySecret(`guess ${index}`)).rejects.toThrow('not known')));
    expect(reads).toBe(2);
  });
});
