import { isLoopbackHost, refuseOpenPort } from './access.js';

const config = (httpHost: string, httpOpen = false) => ({ httpHost, httpOpen, httpNames: [], operatorKey: undefined });
const keys = (areConfigured: boolean) => ({ areConfigured: () => Promise.resolve(areConfigured) });

describe('a port that other machines reach', () => {
  it.each(['0.0.0.0', '::', '10.0.0.7', 'trivet.example'])('is not opened on %s without a key, and the message says what to do', async (host) => {
    await expect(refuseOpenPort(config(host), keys(false))).rejects.toThrow(`TRIVET_HTTP_HOST is ${host}, which other machines reach`);
    await expect(refuseOpenPort(config(host), keys(false))).rejects.toMatchObject({ exitCode: 78 });
  });

  it('is opened with one, or when it was asked for', async () => {
    await refuseOpenPort(config('0.0.0.0'), keys(true));
    await refuseOpenPort(config('0.0.0.0', true), keys(false));
  });

  it.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1'])('is not what listens on %s', async (host) => {
    expect(isLoopbackHost(host)).toBe(true);
    await refuseOpenPort(config(host), keys(false));
  });
});
