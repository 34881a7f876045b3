import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { boundedFetch } from './bounded-fetch.js';

describe('what an MCP server sends', () => {
  let server: Server;
  afterEach(() => new Promise<void>((done) => {
    server.closeAllConnections();
    server.close(() => done());
  }));

  async function read(type: string, chunks: string[]): Promise<number> {
    server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': type });
      for (const chunk of chunks) response.write(chunk);
      response.end();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const response = await boundedFetch(10_000)(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    return (await response.text()).length;
  }
  const line = `data: ${'x'.repeat(900)}`;

  it('is read up to the limit', async () => {
    expect(await read('application/json', ['x'.repeat(9_999)])).toBe(9_999);
  });

  it.each(['\n\n', '\r\n\r\n', '\r\r'])('may be any number of events that end with %j', async (end) => {
    expect(await read('text/event-stream', Array.from({ length: 100 }, () => `${line}${end}`))).toBe(100 * (line.length + end.length));
  });

  it.each([
    ['application/json', ['x'.repeat(10_001)]],
    ['text/event-stream', [`data: ${'x'.repeat(10_001)}`]],
    ['text/event-stream', Array.from({ length: 20 }, () => `${line}\n`)],
    ['text/event-stream', Array.from({ length: 20 }, () => `${line}\r\n`)],
  ])('is read no further than that: %s %#', async (type, chunks) => {
    await expect(read(type, chunks)).rejects.toThrow(/more than 10000 bytes/);
  });

  it('is not looked for elsewhere', async () => {
    server = createServer((_request, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end());
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    await expect(boundedFetch(1000)(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)).rejects.toThrow(/fetch failed/);
  });
});
