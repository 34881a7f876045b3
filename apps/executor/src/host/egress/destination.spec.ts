import { describe, expect, it } from '@jest/globals';
import { isPublicAddress } from './address.js';
import { judgeDestination, type HttpGrant } from './destination.js';

const ANY: HttpGrant[] = [{ host: '*' }];
const isAllowed = (url: string, grants: HttpGrant[] = ANY): boolean => judgeDestination(url, 'subject', grants, []).allowed;

describe('the egress guard, for a tool that may reach any host', () => {
  it.each([
    'http://127.0.0.1/', 'http://localhost/', 'http://LOCALHOST./', 'http://127.1/', 'http://0/', 'http://0.0.0.0/', 'http://[::]/', 'http://[::1]/',
    'http://2130706433/', 'http://0x7f000001/', 'http://0x7f.1/', 'http://0177.0.0.1/', 'http://①②⑦.⓪.⓪.①/', 'http://127。0。0。1/',
    'http://[::ffff:127.0.0.1]/', 'http://[::ffff:a9fe:a9fe]/', 'http://[64:ff9b::a9fe:a9fe]/', 'http://[2002:7f00:1::]/', 'http://[fe80::1]/', 'http://[fc00::1]/', 'http://[fec0::1]/',
    'http://169.254.169.254/latest/meta-data/', 'http://metadata.google.internal/computeMetadata/v1/', 'http://100.100.100.200/', 'http://[fd00:ec2::254]/',
    'http://example.com@127.0.0.1/', 'http://127.0.0.1#@example.com/', 'http://127.0.0.1\\@example.com/', 'http:127.0.0.1', 'http:/127.0.0.1/', 'http://1.1.1.1 &@127.0.0.1/', 'http://%31%32%37.0.0.1/',
    'file:///etc/passwd', 'gopher://127.0.0.1:6379/_FLUSHALL', 'ftp://example.com/', 'data:text/html,hello', 'unix:/var/run/x', 'javascript:1', 'ws://example.com/',
    'http://10.0.0.1/', 'http://172.16.0.1/', 'http://192.168.1.1/', 'http://198.18.0.1/', 'http://224.0.0.1/', 'http://255.255.255.255/', 'http://[2001:db8::1]/', 'http://[3fff::1]/', 'http://[ff02::1]/',
    'http://redis/', 'http://printer.local/', 'http://db.internal/', 'http://a.home.arpa/', '', '//127.0.0.1/', 'http://', 'http://user:password@example.com/', 'http://256.256.256.256/', 'http://4294967297/',
  ])('refuses %j', (url) => {
    expect(isAllowed(url)).toBe(false);
  });

  it.each([22, 25, 6379, 4222, 8222, 9200, 8080])('refuses port %d', (port) => {
    expect(isAllowed(`http://example.com:${port}/`)).toBe(false);
    expect(isAllowed(`https://example.com:${port}/`)).toBe(false);
  });

  it.each(['http://example.com/', 'https://example.com/a?b=c#d', 'https://EXAMPLE.com./', 'http://1.1.1.1/', 'https://[2606:4700::1111]/', 'https://例え.jp/', 'https://example.com:443/'])('admits %j', (url) => {
    expect(isAllowed(url)).toBe(true);
  });
});

describe('the hosts of a grant', () => {
  it('are matched whole, never by their ending', () => {
    const grants = [{ host: 'api.example.com' }];
    expect(isAllowed('https://api.example.com/', grants)).toBe(true);
    for (const host of ['evil-api.example.com', 'api.example.com.evil.io', 'example.com', 'api.example.co']) expect(isAllowed(`https://${host}/`, grants)).toBe(false);
  });

  it('may cover the names below one name', () => {
    const grants = [{ host: '*.example.com' }];
    expect(isAllowed('https://a.example.com/', grants)).toBe(true);
    expect(isAllowed('https://a.b.example.com/', grants)).toBe(true);
    for (const host of ['evilexample.com', 'example.com.evil.io', 'example.com']) expect(isAllowed(`https://${host}/`, grants)).toBe(false);
  });

  it('may name the one port that is allowed', () => {
    const grants = [{ host: 'example.com', port: 8443 }];
    expect(isAllowed('https://example.com:8443/', grants)).toBe(true);
    expect(isAllowed('https://example.com/', grants)).toBe(false);
  });

  it('never open a private address, even by name', () => {
    expect(isAllowed('http://127.0.0.1/', [{ host: '127.0.0.1' }])).toBe(false);
    expect(isAllowed('http://localhost/', [{ host: 'localhost' }])).toBe(false);
  });

  it('leave private addresses to the operator, one tool, host and port at a time', () => {
    const permission = [{ tool: 'subject', host: '127.0.0.1', port: 8080 }];
    const grants = [{ host: '127.0.0.1', port: 8080 }];
    expect(judgeDestination('http://127.0.0.1:8080/', 'subject', grants, permission).allowed).toBe(true);
    expect(judgeDestination('http://127.0.0.1:8080/', 'other', grants, permission).allowed).toBe(false);
    expect(judgeDestination('http://127.0.0.1:8081/', 'subject', [{ host: '127.0.0.1', port: 8081 }], permission).allowed).toBe(false);
    expect(judgeDestination('http://127.0.0.1:8080/', 'subject', [{ host: 'example.com' }], permission).allowed).toBe(false);
  });

  it('say what is refused and what would be allowed', () => {
    expect(judgeDestination('https://other.org/', 'subject', [{ host: 'example.com' }], [])).toEqual({ allowed: false, reason: 'other.org:443 is not among the hosts granted to the tool (example.com)' });
  });
});

describe('public addresses', () => {
  it.each(['1.1.1.1', '8.8.8.8', '2606:4700::1111', '172.32.0.1', '100.128.0.1'])('include %s', (address) => expect(isPublicAddress(address)).toBe(true));
  it.each(['::ffff:8.8.8.8', '::', 'not an address', '', '64:ff9b::808:808', '100.64.0.1', '192.0.2.1', '192.88.99.1', '203.0.113.9', '0.1.2.3'])('do not include %j', (address) => expect(isPublicAddress(address)).toBe(false));
});

describe('the hosts that a policy allows', () => {
  const judge = (url: string, hosts: string[], grants: HttpGrant[] = ANY) => judgeDestination(url, 'subject', grants, [], { tenant: 'acme', hosts });

  it('are all there is, whatever is granted, and need no port', () => {
    const hosts = ['API.example.com', '*.example.org'];
    for (const url of ['https://api.example.com/', 'https://a.example.org/', 'http://a.b.example.org/']) expect(judge(url, hosts)).toMatchObject({ allowed: true });
    expect(judge('https://api.example.com:8443/', hosts, [{ host: '*', port: 8443 }])).toMatchObject({ allowed: true });
    for (const host of ['example.com', 'evil-api.example.com', 'api.example.com.evil.io', 'example.org']) expect(judge(`https://${host}/`, hosts)).toEqual({ allowed: false, reason: `${host} is not among the hosts that the policy of tenant acme allows (API.example.com, *.example.org)` });
  });

  it('let through nothing that is not granted or not public', () => {
    expect(judge('https://example.com/', ['example.com'], [{ host: 'example.org' }])).toMatchObject({ allowed: false, reason: expect.stringContaining('granted') });
    expect(judge('http://127.0.0.1/', ['127.0.0.1'])).toMatchObject({ allowed: false, reason: expect.stringContaining('public') });
    expect(judge('https://example.com/', [])).toMatchObject({ allowed: false, reason: expect.stringContaining('(none)') });
  });
});
