import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { z } from 'zod';

/** A request as it arrived. */
export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
}

export type Reply = (response: ServerResponse, request: Received) => void;

/** A server on this machine that plays a vendor: it keeps what it gets, and answers as it is told. */
export interface Loopback {
  url: string;
  requests: Received[];
  reply: Reply;
  /** Resolves when a request arrives. */
  arrival(): Promise<void>;
  close(): Promise<void>;
}

export async function startLoopback(): Promise<Loopback> {
  const waiting: (() => void)[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const received = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body: bodyOf(Buffer.concat(chunks).toString()) };
      loopback.requests.push(received);
      waiting.splice(0).forEach((resolve) => resolve());
      loopback.reply(response, received);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const loopback: Loopback = {
    url: `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`,
    requests: [],
    reply: (response) => void response.writeHead(501).end(),
    arrival: () => new Promise((resolve) => waiting.push(resolve)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return loopback;
}

/** An object; nothing where it is something else. */
function bodyOf(text: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch {
    return {};
  }
}

export const json = (body: unknown, { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {}): Reply => (response) =>
  void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

export const text = (body: string, contentType: string, status = 200): Reply => (response) => void response.writeHead(status, { 'content-type': contentType }).end(body);

/** Events, each written by itself. `last`: what happens after them; absent: the stream ends. */
export const events = (list: readonly string[], last: (response: ServerResponse) => void = (response) => void response.end()): Reply => (response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const write = (index: number): void => {
    const event = list[index];
    if (event === undefined) return last(response);
    response.write(event, () => setImmediate(write, index + 1));
  };
  response.flushHeaders();
  write(0);
};
