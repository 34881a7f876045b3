import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js';

describe('a TCP proxy', () => {
  let echo: Server;
  let heard: string;
  let proxy: TcpProxy;
  let client: Socket;
  beforeEach(async () => {
    heard = '';
    echo = createServer((socket) => {
      socket.on('data', (data) => {
        heard += String(data);
        socket.write(data);
      });
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    proxy = await startTcpProxy({ targetPort: (echo.address() as AddressInfo).port });
    client = connect(proxy.port, '127.0.0.1');
    await new Promise((resolve) => client.once('connect', resolve));
    client.resume();
  });
  afterEach(async () => {
    client.destroy();
    await proxy.stop();
    await new Promise((resolve) => echo.close(resolve));
  });

  const answer = (): Promise<string> => new Promise((resolve) => client.once('data', (data) => resolve(String(data))));
  const closed = (): Promise<string | null> => {
    let reason: string | null = null;
    client.once('error', (error: NodeJS.ErrnoException) => (reason = error.code ?? ''));
    return new Promise((resolve) => client.once('close', () => resolve(reason)));
  };

  it('passes on what is said, later when it is told so', async () => {
    const first = answer();
    client.write('hello');
    expect(await first).toBe('hello');
    proxy.setWeather({ latencyMs: 100 });
    const startedAt = performance.now();
    const second = answer();
    client.write('again');
    expect(await second).toBe('again');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(195);
  });

  it('keeps the order, however the delay of each piece differs', async () => {
    proxy.setWeather({ jitterMs: 20 });
    let answered = '';
    let expected = '';
    client.on('data', (data) => (answered += String(data)));
    for (let n = 0; n < 200; n += 1) {
      expected += `${n},`;
      client.write(`${n},`);
      await new Promise((resolve) => setImmediate(resolve));
      if (n === 150) proxy.setWeather({ jitterMs: 0 });
    }
    while (answered.length < expected.length) await new Promise((resolve) => client.once('data', resolve));
    expect(answered).toBe(expected);
  });

  it('cuts connections with a reset', async () => {
    const end = closed();
    client.write('x');
    await answer();
    proxy.cut();
    expect(await end).toBe('ECONNRESET');
    expect(proxy.connections).toBe(0);
  });

  it('swallows one way and leaves the connection open; when it heals, what lost something ends', async () => {
    proxy.setWeather({ blackHole: 'down' });
    const end = closed();
    client.write('unanswered');
    while (proxy.swallowed === 0) await new Promise((resolve) => setImmediate(resolve));
    expect({ heard, connections: proxy.connections }).toEqual({ heard: 'unanswered', connections: 1 });
    proxy.heal();
    expect(await end).toBe('ECONNRESET');
    client = connect(proxy.port, '127.0.0.1');
    const fine = answer();
    client.write('fine');
    expect(await fine).toBe('fine');
  });
});
