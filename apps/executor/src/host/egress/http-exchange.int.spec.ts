import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHttpExchange, type EgressOptions } from './http-exchange.js';
import { readHttpRequest } from './http-request.js';
import type { HttpGrant } from './destination.js';
import type { Secrets } from './secrets.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Two servers on the loopback: one that an operator permits, and a canary that nobody may ever reach. */
describe('an HTTP exchange', () => {
  let server: Server;
  let canary: Server;
  let canaryHits: number;
  let handler: Handler;
  let port: number;
  let canaryPort: number;

  beforeEach(async () => {
    canaryHits = 0;
    handler = (_request, response) => void response.end('hello');
    server = await listen((request, response) => handler(request, response));
    canary = await listen((_request, response) => {
      canaryHits += 1;
      response.end('INTERNAL SECRET');
    });
    port = portOf(server);
    canaryPort = portOf(canary);
  });
  afterEach(async () => {
    expect(canaryHits).toBe(0);
    await Promise.all([server, canary].map((each) => new Promise((resolve) => {
      each.closeAllConnections();
      each.close(resolve);
    })));
  });

  /** `api.example.com` stands for the permitted server; the operator allows exactly it. */
  const permitted = (): EgressOptions => ({ privatePermissions: [{ tool: 'subject', host: 'api.example.com', port }], resolve: async () => [{ address: '127.0.0.1', family: 4 }] });
  const send = (request: unknown, options: EgressOptions = permitted(), grants: HttpGrant[] = [{ host: 'api.example.com', port }], signal = new AbortController().signal) =>
    createHttpExchange(options)({ tool: 'subject', ruleName: 'subject', grants }, readHttpRequest(request), signal);
  const home = (path = '/'): string => `http://api.example.com:${port}${path}`;
  const codeOf = (reply: Awaited<ReturnType<typeof send>>): string => ('error' in reply ? reply.error.code : 'ok');

  it('reaches a host that is granted and permitted', async () => {
    handler = (request, response) => {
      response.setHeader('content-type', 'text/plain');
      response.setHeader('set-cookie', 'session=1');
      request.pipe(response);
    };
    const reply = await send({ url: home('/echo'), method: 'POST', body: 'ünïcode 你好', headers: { 'X-Custom': 'yes' } });
    expect(reply).toMatchObject({ value: { status: 200, url: home('/echo'), body: 'ünïcode 你好', headers: { 'content-type': 'text/plain' } } });
    expect(JSON.stringify(reply)).not.toContain('session');
  });

  it('does not reach the same server without the permission', async () => {
    expect(codeOf(await send({ url: home() }, { ...permitted(), privatePermissions: [] }))).toBe('tool_host_denied');
    expect(codeOf(await send({ url: `http://127.0.0.1:${canaryPort}/` }, {}, [{ host: '*', port: canaryPort }]))).toBe('tool_host_denied');
  });

  describe('redirects', () => {
    const redirectTo = (location: string, status = 302): void => {
      handler = (request, response) => {
        if (request.url !== '/from') return void response.end('arrived');
        response.writeHead(status, { location });
        response.end();
      };
    };

    it.each([302, 307])('are not followed to a host that is not granted (%d)', async (status) => {
      redirectTo(`http://127.0.0.1:${canaryPort}/`, status);
      expect(codeOf(await send({ url: home('/from'), method: 'POST', body: 'x' }))).toBe('tool_host_denied');
    });

    it('are judged like the first address, also for a tool that may reach any host', async () => {
      redirectTo(`http://127.0.0.1:${canaryPort}/`);
      expect(codeOf(await send({ url: home('/from') }, permitted(), [{ host: '*', port }, { host: '*', port: canaryPort }]))).toBe('tool_host_denied');
    });

    it.each(['file:///etc/passwd', 'gopher://127.0.0.1/', 'http://[::1]/', '//127.0.0.1/'])('to %s are refused', async (location) => {
      redirectTo(location);
      expect(codeOf(await send({ url: home('/from') }, permitted(), [{ host: '*', port }, { host: '*' }]))).toBe('tool_host_denied');
    });

    it('are followed on the same host', async () => {
      redirectTo('/to');
      expect(await send({ url: home('/from') })).toMatchObject({ value: { body: 'arrived', url: home('/to') } });
    });

    it('are followed three times and no more', async () => {
      handler = (request, response) => {
        response.writeHead(302, { location: `/hop${Number(request.url?.slice(4) || 0) + 1}` });
        response.end();
      };
      expect(codeOf(await send({ url: home('/hop0') }))).toBe('network_failed');
    });
  });

  describe('names', () => {
    const resolving = (...answers: string[][]): EgressOptions => {
      let asked = 0;
      return { resolve: async () => (answers[Math.min(asked++, answers.length - 1)] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })) };
    };
    const grants = (): HttpGrant[] => [{ host: '*', port: canaryPort }];

    it.each([[['127.0.0.1']], [['::1']], [['169.254.169.254']], [['8.8.8.8', '127.0.0.1']], [['8.8.8.8', '::1']], [['::ffff:127.0.0.1']]])('that resolve to %j are refused', async (addresses) => {
      expect(codeOf(await send({ url: `http://rebind.example.com:${canaryPort}/` }, resolving(addresses), grants()))).toBe('tool_host_denied');
    });

    it('are resolved once: the connection goes where we looked', async () => {
      // The second answer would lead to the canary; a connection that asked again would reach it.
      const reply = await send({ url: `http://rebind.example.com:${canaryPort}/`, timeoutMs: 300 }, { ...resolving(['203.0.114.1'], ['127.0.0.1']), connectTimeoutMs: 200 }, grants());
      expect(codeOf(reply)).toMatch(/^network_/);
    });
  });

  describe('headers', () => {
    it('that are not the plugin’s to set are dropped, and so is anything that breaks out of a line', async () => {
      let seen: IncomingMessage['headers'] = {};
      handler = (request, response) => {
        seen = request.headers;
        response.end();
      };
      await send({ url: home(), headers: { Host: 'internal', Authorization: 'Bearer stolen', 'X-Workflow-ID': 'other', 'X-Forwarded-For': '127.0.0.1', Cookie: 'a=b', 'X-Split': 'a\r\nX-Injected: 1', 'Bad Name': 'x', 'X-Fine': 'fine', traceparent: '00-1' } });
      expect(seen).toMatchObject({ host: `api.example.com:${port}`, 'x-fine': 'fine' });
      for (const name of ['authorization', 'x-workflow-id', 'x-forwarded-for', 'cookie', 'x-split', 'x-injected', 'traceparent']) expect(seen).not.toHaveProperty(name);
    });

    const secretsFor = (hosts: string[], tools = ['subject']): Secrets => ({ search: { header: 'authorization', value: 'Bearer very-secret-key', hosts, tools } });
    let secrets: Secrets;
    beforeEach(() => void (secrets = secretsFor([`http://api.example.com:${port}`])));

    it('carry a secret that the plugin never sees, neither sent nor echoed', async () => {
      handler = (request, response) => {
        const sent = String(request.headers.authorization);
        response.setHeader('etag', `"${sent}"`);
        response.end([`you sent ${sent}`, sent.slice(7), Buffer.from(sent).toString('base64'), encodeURIComponent(sent)].join(' | '));
      };
      const grants = [{ host: 'api.example.com', port, secretHeader: 'search' }];
      expect(await send({ url: home() }, { ...permitted(), secrets }, grants)).toMatchObject({ value: { headers: { etag: '"[secret]"' }, body: expect.stringMatching(/^you sent \[secret\] \| \[secret\] \| \[secret\](==?)? \| \[secret\]$/) } });
    });

    it('carry no secret to another host, nor for another tool, whatever the manifest says', async () => {
      let asked = 0;
      handler = (_request, response) => {
        asked += 1;
        response.end();
      };
      const grants = [{ host: 'api.example.com', port, secretHeader: 'search' }];
      // In clear, or to another port, only where the operator wrote so.
      for (const other of [secretsFor(['search.example.org']), secretsFor(['api.example.com']), secretsFor([`api.example.com:${port}`]), secretsFor(['http://api.example.com']), secretsFor([`http://api.example.com:${port}`], ['web_search']), secretsFor([`http://api.example.com:${port}`], ['default/subject'])]) {
        expect(await send({ url: home() }, { ...permitted(), secrets: other }, grants)).toMatchObject({ error: { code: 'tool_host_denied', message: expect.stringContaining('The secret search is not for subject') } });
      }
      for (const secretHeader of ['constructor', '__proto__']) expect(codeOf(await send({ url: home() }, { ...permitted(), secrets }, [{ host: 'api.example.com', port, secretHeader }]))).toBe('capability_unavailable');
      expect(await send({ url: home() }, { ...permitted(), secrets: {} }, grants)).toMatchObject({ error: { code: 'capability_unavailable', message: expect.stringContaining('the secret search') } });
      expect(asked).toBe(0);
    });

    it.each(['/?d=Bearer%20very-secret-key', '/?d=QmVhcmVyIHZlcnktc2VjcmV0LWtleQ', '/?d=very-secret-key', '/?d=dmVyeS1zZWNyZXQta2V5'])('and addresses may not carry a secret out: %s', async (path) => {
      expect(codeOf(await send({ url: home(path) }, { ...permitted(), secrets }))).toBe('tool_host_denied');
    });
  });

  describe('the name of a service', () => {
    const named = 'http://orders.trivet.internal/find?id=7';
    const grants = [{ host: 'orders.trivet.internal' }];
    const services = (): EgressOptions => ({ services: { 'orders.trivet.internal': { url: `http://127.0.0.1:${port}/api/`, tools: ['subject'] } } });

    it('leads to where the operator says it is, and the plugin does not learn where', async () => {
      handler = (request, response) => void response.end(request.url);
      expect(await send({ url: named }, services(), grants)).toMatchObject({ value: { status: 200, url: named, body: '/api/find?id=7' } });
    });

    it.each(['/../../admin', '//evil.example.com/', '/%2e%2e/admin'])('keeps the path below that of the service: %s', async (path) => {
      handler = (request, response) => void response.end(request.url);
      expect(await send({ url: `http://orders.trivet.internal${path}` }, services(), grants)).toMatchObject({ value: { body: expect.stringMatching(/^\/api\//) } });
    });

    it('leads nowhere for a tool that is not named, without a grant, or when nothing is set up', async () => {
      const foreign = { services: { 'orders.trivet.internal': { url: `http://127.0.0.1:${canaryPort}`, tools: ['default/subject'] } } };
      expect(codeOf(await send({ url: named }, foreign, grants))).toBe('tool_host_denied');
      expect(codeOf(await send({ url: named }, { services: { 'orders.trivet.internal': { url: `http://127.0.0.1:${canaryPort}`, tools: ['subject'] } } }, [{ host: '*' }]))).toBe('tool_host_denied');
      expect(codeOf(await send({ url: named }, {}, grants))).toBe('capability_unavailable');
    });

    it.each(['foo://orders.trivet.internal/..\\..\\admin', 'ftp://orders.trivet.internal/', 'http:orders.trivet.internal/', 'http://u:p@orders.trivet.internal/', 'http://orders.trivet.internal:8080/', 'http://orders.trivet.internal/..%2fadmin', 'http://orders.trivet.internal/..%5Cadmin', 'http://orders.trivet.internal/a\\..\\admin'])('is no address in disguise: %s', async (address) => {
      let asked = 0;
      handler = (_request, response) => {
        asked += 1;
        response.end();
      };
      expect([codeOf(await send({ url: address }, services(), grants)), asked]).toEqual(['tool_host_denied', 0]);
    });

    it('does not lead on to the network of the service, and tells nothing of it', async () => {
      handler = (_request, response) => void response.writeHead(302, { location: `http://127.0.0.1:${canaryPort}/` }).end();
      const answer = await send({ url: named }, services(), [...grants, { host: '*', port: canaryPort }]);
      const gone = await send({ url: named }, { services: { 'orders.trivet.internal': { url: 'http://127.0.0.1:1/', tools: ['subject'] } } }, grants);
      expect([codeOf(answer), codeOf(gone)]).toEqual(['network_failed', 'network_failed']);
      expect(JSON.stringify([answer, gone])).not.toContain('127.0.0.1');
    });
  });

  describe('bodies', () => {
    const small = (): EgressOptions => ({ ...permitted(), maxBodyBytes: 100_000 });

    it('are cut off at the limit, without reading on', async () => {
      let closed = false;
      handler = (_request, response) => {
        response.on('close', () => (closed = true));
        const write = (): void => {
          while (!closed && response.write(Buffer.alloc(65_536))) continue;
          if (!closed) response.once('drain', write);
        };
        write();
      };
      expect(await send({ url: home() }, small())).toMatchObject({ error: { code: 'network_failed', detail: { limit: 100_000 } } });
    });

    it('are counted after decompression', async () => {
      handler = (_request, response) => {
        response.setHeader('content-encoding', 'gzip');
        response.end(gzipSync(Buffer.alloc(20 * 1_048_576)));
      };
      expect(await send({ url: home() }, small())).toMatchObject({ error: { code: 'network_failed', detail: { limit: 100_000 } } });
    });

    it('are decompressed when they are small', async () => {
      handler = (_request, response) => {
        response.setHeader('content-encoding', 'gzip');
        response.end(gzipSync('pressed'));
      };
      expect(await send({ url: home() }, small())).toMatchObject({ value: { body: 'pressed' } });
    });

    it('that trickle are ended at the deadline', async () => {
      handler = (_request, response) => {
        const timer = setInterval(() => response.write('.'), 20);
        response.on('close', () => clearInterval(timer));
      };
      const startedAt = performance.now();
      expect(codeOf(await send({ url: home(), timeoutMs: 300 }))).toBe('network_timeout');
      expect(performance.now() - startedAt).toBeLessThan(20_000);
    });

    it('with too many headers are refused', async () => {
      handler = (_request, response) => {
        for (let index = 0; index < 1500; index += 1) response.setHeader(`x-${index}`, 'y'.repeat(40));
        response.end('never seen');
      };
      expect(codeOf(await send({ url: home() }))).toBe('network_failed');
    });

    it('that break off are an error, not a short answer', async () => {
      handler = (_request, response) => {
        response.setHeader('content-length', '1000');
        response.write('half');
        response.destroy();
      };
      expect(codeOf(await send({ url: home() }))).toBe('network_failed');
    });
  });

  it('ignores a proxy named in the environment', async () => {
    const before = process.env['HTTP_PROXY'];
    process.env['HTTP_PROXY'] = `http://127.0.0.1:${canaryPort}`;
    try {
      expect(codeOf(await send({ url: home() }))).toBe('ok');
    } finally {
      if (before === undefined) delete process.env['HTTP_PROXY'];
      else process.env['HTTP_PROXY'] = before;
    }
  });

  it('ends when the call is over', async () => {
    const controller = new AbortController();
    handler = () => controller.abort();
    expect(codeOf(await send({ url: home() }, permitted(), [{ host: 'api.example.com', port }], controller.signal))).toBe('network_timeout');
  });

  describe('without a network', () => {
    it('says so, and remembers it for all hosts', async () => {
      let asked = 0;
      const exchange = createHttpExchange({ resolve: async () => {
        asked += 1;
        throw Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' });
      } });
      const ask = (host: string) => exchange({ tool: 'subject', ruleName: 'subject', grants: [{ host: '*' }] }, readHttpRequest({ url: `https://${host}/` }), new AbortController().signal);
      expect(await ask('one.example.com')).toMatchObject({ error: { code: 'network_unreachable', detail: { wholeNetwork: true } } });
      expect(await ask('two.example.com')).toMatchObject({ error: { code: 'network_unreachable', detail: { cached: true } } });
      expect(asked).toBe(1);
    });

    it('remembers a name that does not exist for that name only', async () => {
      const asked: string[] = [];
      const exchange = createHttpExchange({ resolve: async (host) => {
        asked.push(host);
        throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
      } });
      const ask = (host: string) => exchange({ tool: 'subject', ruleName: 'subject', grants: [{ host: '*' }] }, readHttpRequest({ url: `https://${host}/` }), new AbortController().signal);
      for (const host of ['a.example.com', 'a.example.com', 'b.example.com']) expect(await ask(host)).toMatchObject({ error: { code: 'network_unreachable' } });
      expect(asked).toEqual(['a.example.com', 'b.example.com']);
    });

    it('gives up on a resolver that does not answer', async () => {
      const startedAt = performance.now();
      const reply = await send({ url: 'https://slow.example.com/' }, { resolve: () => new Promise(() => undefined), connectTimeoutMs: 100 }, [{ host: '*' }]);
      expect(reply).toMatchObject({ error: { code: 'network_unreachable' } });
      expect(performance.now() - startedAt).toBeLessThan(20_000);
    });
  });
});

function listen(handler: Handler): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer({ maxHeaderSize: 131_072 }, handler).listen(0, '127.0.0.1', () => resolve(server));
  });
}

function portOf(server: Server): number {
  // A listening TCP server has an address with a port.
  return (server.address() as AddressInfo).port;
}
