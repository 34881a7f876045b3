import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { CatalogTool } from '../src/catalog/tool-catalog.js';
import type { EgressOptions } from '../src/host/egress/http-exchange.js';
import { SandboxPool } from '../src/sandbox/pool.js';
import { closeServer, putOutCanaries, type Canaries } from './canaries.js';
import { call, codeOf, evilPlugin, prepareSandbox } from './prepare.js';

/** Addresses inside, in every disguise; `:PORT` is that of a server of ours that must not be reached. */
const INSIDE = [
  'http://127.0.0.1:PORT/', 'http://localhost:PORT/', 'http://LOCALHOST.:PORT/', 'http://127.1:PORT/', 'http://0:PORT/', 'http://0.0.0.0:PORT/', 'http://[::]:PORT/', 'http://[::1]:PORT/',
  'http://2130706433:PORT/', 'http://0x7f000001:PORT/', 'http://0x7f.1:PORT/', 'http://0177.0.0.1:PORT/', 'http://①②⑦.⓪.⓪.①:PORT/', 'http://127。0。0。1:PORT/', 'http://017700000001:PORT/',
  'http://[::ffff:127.0.0.1]:PORT/', 'http://[::ffff:7f00:1]:PORT/', 'http://[::127.0.0.1]:PORT/', 'http://[::ffff:a9fe:a9fe]/', 'http://[64:ff9b::a9fe:a9fe]/', 'http://[2002:7f00:1::]:PORT/', 'http://[fe80::1]:PORT/', 'http://[fc00::1]:PORT/', 'http://[fec0::1]:PORT/',
  'http://169.254.169.254/latest/meta-data/', 'http://metadata.google.internal/computeMetadata/v1/', 'http://100.100.100.200/', 'http://169.254.169.254.nip.io/', 'http://127.0.0.1.nip.io:PORT/', 'http://[fd00:ec2::254]/',
  'http://example.com@127.0.0.1:PORT/', 'http://127.0.0.1:PORT#@example.com/', 'http://127.0.0.1:PORT\\@example.com/', 'http:127.0.0.1:PORT', 'http:/127.0.0.1:PORT/', 'http://1.1.1.1 &@127.0.0.1:PORT/', 'http://%31%32%37.0.0.1:PORT/', ' http://127.0.0.1:PORT/', 'http://127.0.0.1:PORT\t/', 'HTTP://127.0.0.1:PORT/',
  'file:///etc/passwd', 'gopher://127.0.0.1:PORT/_FLUSHALL', 'ftp://127.0.0.1:PORT/', 'data:text/html,CANARY', 'unix:/var/run/x', 'javascript:fetch("/")', 'ws://127.0.0.1:PORT/', 'http+unix://%2Fvar%2Frun%2Fdocker.sock/info', 'blob:http://127.0.0.1:PORT/x',
  'http://two-faced.example.com:PORT/', 'http://inside.example.com:PORT/', 'http://evilexample.com.:22/', 'http://example.com:6379/', 'https://example.com:4222/',
];
const ADDRESSES: Record<string, string[]> = {
  'allowed.example.com': ['127.0.0.1'], 'inside.example.com': ['127.0.0.1'], 'two-faced.example.com': ['93.184.215.14', '127.0.0.1'],
  '169.254.169.254.nip.io': ['169.254.169.254'], '127.0.0.1.nip.io': ['127.0.0.1'],
};
const LIMITS = { timeoutMs: 10_000 };

/** Three ways to the network: a plugin's own host call, the tool made for it, and a redirect of a host that is allowed. */
describe('a tool that may reach any host', () => {
  let pool: SandboxPool;
  let canaries: Canaries;
  let allowed: Server;
  let allowedPort: number;
  let plugin: CatalogTool;
  let webFetch: CatalogTool;
  let seenByAllowed: { url: string | undefined; body: string }[] = [];

  beforeAll(async () => {
    canaries = await putOutCanaries(process.env);
    allowed = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        seenByAllowed.push({ url: request.url, body });
        const { searchParams } = new URL(request.url ?? '/', 'http://allowed.example.com');
        const to = searchParams.get('to');
        if (!to) return void response.setHeader('content-type', 'text/plain').end('the public page');
        // Raw, since a hostile server does not care for what a header may hold.
        response.socket?.end(`HTTP/1.1 ${searchParams.get('status') ?? '302'} Found\r\nLocation: ${Buffer.from(to).toString('latin1')}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      });
    });
    await new Promise<void>((resolve) => allowed.listen(0, '127.0.0.1', resolve));
    // A listening TCP server has an address with a port.
    allowedPort = (allowed.address() as AddressInfo).port;
    const grants = { http: [{ host: '*' }, { host: '*', port: canaries.port }, { host: '*', port: allowedPort }] };
    plugin = await evilPlugin('fetches', { grants, limits: LIMITS });
    const tool = (await prepareSandbox()).get('web_fetch');
    if (!tool) throw new Error('There is no tool web_fetch.');
    webFetch = { ...tool, manifest: { ...tool.manifest, grants } };
    pool = new SandboxPool({ slots: 1 });
  }, 120_000);
  afterEach(() => {
    seenByAllowed = [];
    canaries.check();
  });
  afterAll(async () => {
    await pool.close();
    await closeServer(allowed);
    await canaries.close();
  });

  const egress = (): EgressOptions => ({
    privatePermissions: ['fetches', 'web_fetch'].map((tool) => ({ tool, host: 'allowed.example.com', port: allowedPort })),
    resolve: async (host) => {
      const found = ADDRESSES[host];
      if (!found) throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' });
      return found.map((address) => ({ address, family: 4 }));
    },
    connectTimeoutMs: 300,
  });
  const fromPlugin = async (request: object) => {
    const result = await call(pool, plugin, { ...request }, { egress: egress() });
    canaries.check(result);
    return result;
  };
  const home = (query: Record<string, string> = {}): string => `http://allowed.example.com:${allowedPort}/?${new URLSearchParams(query)}`;
  const inside = INSIDE.map((url) => [url] as const);
  const real = (url: string): string => url.replace('PORT', String(canaries.port));
  const REFUSED = { outcome: 'completed', output: { error: { code: 'tool_host_denied' } } };

  it.each(inside)('is kept from %j when a plugin asks its host', async (url) => {
    expect(await fromPlugin({ url: real(url) })).toMatchObject(REFUSED);
  });

  it.each(inside)('is kept from %j through web_fetch', async (url) => {
    const result = await call(pool, webFetch, { url: real(url) }, { egress: egress() });
    canaries.check(result);
    expect(codeOf(result)).toBe('tool_host_denied');
  });

  // A redirect to white space around an address is an address; one that is relative stays with its host.
  it.each(INSIDE.filter((url) => !/^http:\/?[^/]/.test(url)).map((url) => [url] as const))('is kept from %j by a redirect', async (url) => {
    const result = await fromPlugin({ url: home({ to: real(url) }) });
    expect(seenByAllowed).toHaveLength(1);
    expect(result).toMatchObject({ outcome: 'completed', output: { error: { code: expect.stringMatching(/^(tool_host_denied|network_failed)$/) } } });
  });

  it.each(['301', '302', '303', '307', '308'])('does not carry a body inside by a redirect with status %s', async (status) => {
    expect(await fromPlugin({ url: home({ to: `http://127.0.0.1:${canaries.port}/`, status }), method: 'POST', body: 'FLUSHALL' })).toMatchObject(REFUSED);
  });

  it('is followed over three hops of an allowed host, and not over five, wherever they lead', async () => {
    const hop = (times: number, end: string): string => Array.from({ length: times }).reduce<string>((to) => home({ to }), end);
    expect(await fromPlugin({ url: hop(3, home()) })).toMatchObject({ output: { value: { status: 200, body: 'the public page' } } });
    expect(await fromPlugin({ url: hop(5, home()) })).toMatchObject({ output: { error: { code: 'network_failed' } } });
    expect(await fromPlugin({ url: hop(2, `http://127.0.0.1:${canaries.port}/`) })).toMatchObject(REFUSED);
  });

  it.each([
    ['another host in its headers', { headers: { Host: 'internal', 'X-Forwarded-For': '127.0.0.1' } }],
    ['a header that breaks its line', { headers: { 'X-A': 'a\r\nHost: internal', 'A\r\nB': 'c' } }],
    ['a method that is none', { method: 'CONNECT' }],
    ['fields of other types', { headers: 7, method: {}, body: [], timeoutMs: 'never' }],
    ['keys of a prototype', JSON.parse('{"__proto__":{"url":"x"},"constructor":{}}')],
  ])('may ask with %s and reaches nothing but the page', async (_what, more) => {
    const result = await fromPlugin({ url: home(), ...more });
    expect(JSON.stringify(result)).toMatch(/the public page|invalid_request/);
  });

  it('reaches the page it may reach, by all three ways: the benign twin', async () => {
    expect(await fromPlugin({ url: home() })).toMatchObject({ outcome: 'completed', output: { value: { status: 200, body: 'the public page' } } });
    expect(await call(pool, webFetch, { url: home() }, { egress: egress() })).toMatchObject({ outcome: 'completed', output: { text: 'the public page' } });
    expect(await fromPlugin({ url: home({ to: home() }) })).toMatchObject({ output: { value: { body: 'the public page' } } });
  });
});
