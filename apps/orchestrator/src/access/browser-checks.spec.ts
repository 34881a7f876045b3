import { checkHost, checkOrigin } from './browser-checks.js';

describe('checkHost', () => {
  it.each(['127.0.0.1:8080', 'localhost', 'LOCALHOST:8080', 'trivet.localhost:1', '[::1]:8080', '10.0.0.7:8080', 'orders.example:8080', 'orders.example'])('lets %s in', (host) => {
    expect(() => checkHost({ host }, ['orders.example'])).not.toThrow();
  });

  it('lets in who names none', () => {
    expect(() => checkHost({}, [])).not.toThrow();
  });

  it.each(['evil.example', 'evil.example:8080', 'localhost.evil.example', '127.0.0.1.evil.example', 'evillocalhost'])('refuses %s by name and says how to mend it', (host) => {
    expect(() => checkHost({ host }, ['orders.example'])).toThrow(`names the host "${host}"`);
  });
});

describe('checkOrigin', () => {
  const host = '127.0.0.1:8080';
  it.each([
    ['the same site', { host, 'sec-fetch-site': 'same-origin' }],
    ['the address bar', { host, 'sec-fetch-site': 'none' }],
    ['the same origin where the browser sends nothing else', { host, origin: 'http://127.0.0.1:8080' }],
  ])('lets %s in', (_from, headers) => {
    for (const mustSay of [true, false]) expect(() => checkOrigin(headers, { mustSay })).not.toThrow();
  });

  it.each([
    ['another site', { host, 'sec-fetch-site': 'cross-site' }],
    ['another port of this machine', { host, 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:8080' }],
    ['another origin', { host, origin: 'https://evil.example' }],
    ['another port, where the browser sends nothing else', { host, origin: 'http://127.0.0.1:9090' }],
    ['a page without an origin', { host, origin: 'null' }],
  ])('refuses %s', (_from, headers) => {
    for (const mustSay of [true, false]) expect(() => checkOrigin(headers, { mustSay })).toThrow('only pages of this server');
  });

  it('refuses who says nothing where a cookie speaks for somebody', () => {
    expect(() => checkOrigin({ host }, { mustSay: false })).not.toThrow();
    expect(() => checkOrigin({ host }, { mustSay: true })).toThrow('does not say its origin');
  });
});
