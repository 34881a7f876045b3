import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { freePort } from './free-port.js';
import { startTcpFront, type TcpFront } from './tcp-front.js';

const servers: Server[] = [];
let front: TcpFront | undefined;

afterEach(async () => {
  await front?.close();
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void, port = 0, host = '127.0.0.1'): Promise<number> {
  const server = createServer(answer).listen(port, host);
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

const saying = (text: string) => (_: IncomingMessage, response: ServerResponse) => void response.end(text);
const start = async (backends: () => readonly number[], patienceMs?: number): Promise<string> => {
  front = await startTcpFront({ port: 0, host: '127.0.0.1', backends, patienceMs });
  return `http://127.0.0.1:${front.port}/`;
};
/** Each on a connection of its own. */
const ask = async (url: string): Promise<string> => (await fetch(url, { headers: { Connection: 'close' } })).text();

describe('a front before several processes', () => {
  it('deals connections to them in turn', async () => {
    const ports = [await serve(saying('first')), await serve(saying('second'))];
    const url = await start(() => ports);
    expect([await ask(url), await ask(url), await ask(url), await ask(url)]).toEqual(['first', 'second', 'first', 'second']);
  });

  it('passes over one that is down', async () => {
    const ports = [await freePort(), await serve(saying('alive'))];
    const url = await start(() => ports);
    expect([await ask(url), await ask(url), await ask(url)]).toEqual(['alive', 'alive', 'alive']);
  });

  it('lets a connection wait while none is up, and takes it to the first that comes', async () => {
    const port = await freePort();
    const asked: number[] = [];
    const url = await start(() => {
      asked.push(port);
      return [port];
    });
    const answer = ask(url);
    while (asked.length < 3) await new Promise((resolve) => setImmediate(resolve));
    await serve(saying('here again'), port);
    expect(await answer).toBe('here again');
  });

  it('that listens on all addresses reaches them on loopback', async () => {
    const port = await serve(saying('alive'));
    front = await startTcpFront({ port: 0, host: '0.0.0.0', backends: () => [port] });
    expect(await ask(`http://127.0.0.1:${front.port}/`)).toBe('alive');
  });

  // Elsewhere than on Linux there is but one address of loopback.
  (process.platform === 'linux' ? it : it.skip)('that listens on one address reaches them there', async () => {
    const port = await serve(saying('alive'), 0, '127.0.0.2');
    front = await startTcpFront({ port: 0, host: '127.0.0.2', backends: () => [port] });
    expect(await ask(`http://127.0.0.2:${front.port}/`)).toBe('alive');
  });

  it('gives up a connection that nobody takes', async () => {
    const url = await start(() => [], 50);
    await expect(ask(url)).rejects.toThrow(/fetch failed/);
  });

  it('keeps a stream open and passes on each piece as it comes', async () => {
    let streaming: ServerResponse | undefined;
    const port = await serve((_, response) => {
      streaming = response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('id: 1\n\n');
    });
    const url = await start(() => [port]);
    const reader = (await fetch(url)).body?.getReader();
    const read = async (): Promise<string> => new TextDecoder().decode((await reader?.read())?.value);
    expect(await read()).toBe('id: 1\n\n');
    streaming?.write('id: 2\n\n');
    expect(await read()).toBe('id: 2\n\n');
    streaming?.end();
    expect((await reader?.read())?.done).toBe(true);
  });

  it('passes a large body on whole, in both directions', async () => {
    const port = await serve((request, response) => void request.pipe(response));
    const url = await start(() => [port]);
    const body = 'trivet '.repeat(1_000_000);
    expect(await (await fetch(url, { method: 'POST', body })).text()).toBe(body);
  });

  it('ends the client when the process behind it dies, and the other side when the client goes', async () => {
    const port = await serve((_, response) => void response.writeHead(200).write('begun'));
    const url = await start(() => [port]);
    const answer = await fetch(url);
    servers.forEach((server) => server.closeAllConnections());
    await expect(answer.text()).rejects.toThrow(/terminated|closed|reset/i);

    const left = new Promise<void>((resolve) => servers[0]?.once('connection', (socket) => socket.once('close', () => resolve())));
    const client = connect(front?.port ?? 0, '127.0.0.1', () => client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
    await once(client, 'data');
    client.destroy();
    await left;
  });
});
