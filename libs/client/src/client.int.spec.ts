import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { ClientError } from './client-error.js';
import { createClient, type Client } from './client.js';

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;
let server: Server;
let handle: Handler;
let client: Client;
let url: string;

beforeEach(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk)).on('end', () => handle(request, response, body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  client = createClient({ url, tenant: 'acme', apiKey: 'k' });
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
};
const line = (seq: number, type: string): string => `id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify({ seq, type, at: '', workflowId: 'w', data: {} })}\n\n`;

describe('createClient', () => {
  it('submits with tenant, key and idempotency key', async () => {
    let seen: unknown;
    handle = (request, response, body) => {
      seen = { method: request.method, url: request.url, tenant: request.headers['x-trivet-tenant'], key: request.headers.authorization, idempotency: request.headers['idempotency-key'], body: JSON.parse(body) };
      json(response, 202, { workflowId: 'w', status: 'accepted', duplicate: false });
    };
    expect(await client.submit({ goal: 'x' }, { idempotencyKey: 'i1' })).toMatchObject({ workflowId: 'w' });
    expect(seen).toEqual({ method: 'POST', url: '/api/v1/tasks', tenant: 'acme', key: 'Bearer k', idempotency: 'i1', body: { goal: 'x' } });
  });

  it('throws the problem document', async () => {
    handle = (_request, response) => json(response, 404, { type: 't', title: 'Nothing', status: 404, detail: 'no workflow w1', code: 'not_found' });
    const error = await client.get('w1').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ClientError);
    expect(error).toMatchObject({ code: 'not_found', status: 404, message: 'no workflow w1' });
  });

  it('says that nobody answers', async () => {
    server.close();
    await once(server, 'close');
    await expect(client.get('w')).rejects.toMatchObject({ code: 'unreachable', message: expect.stringContaining(url) });
  });

  it('encodes ids, so that one cannot reach another route', async () => {
    let path: string | undefined;
    handle = (request, response) => {
      path = request.url;
      json(response, 200, {});
    };
    await client.get('../tools');
    expect(path).toBe('/api/v1/workflows/..%2Ftools');
  });
});

describe('stream', () => {
  it('goes on behind the last event after a broken connection, without a gap or a repetition', async () => {
    const resumedFrom: (string | undefined)[] = [];
    handle = (request, response) => {
      const last = request.headers['last-event-id'];
      resumedFrom.push(Array.isArray(last) ? last[0] : last);
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      if (resumedFrom.length === 1) response.write(line(1, 'task.accepted') + line(2, 'workflow.started') + 'id: 3\nevent: step.sch', () => response.destroy());
      else response.end(line(2, 'workflow.started') + line(3, 'step.scheduled') + ': heartbeat\n\n' + line(4, 'workflow.completed'));
    };
    const seen: number[] = [];
    for await (const item of client.stream('w')) if (item.kind === 'event') seen.push(item.event.seq);
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(resumedFrom).toEqual([undefined, '2']);
  });

  it('passes pieces of answers through', async () => {
    handle = (_request, response) => response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(`event: delta\ndata: {"text":"Hel"}\n\n${line(1, 'workflow.failed')}`);
    const kinds = [];
    for await (const item of client.stream('w')) kinds.push(item.kind);
    expect(kinds).toEqual(['delta', 'event']);
  });

  it('does not try again what cannot succeed', async () => {
    let requests = 0;
    handle = (_request, response) => {
      requests += 1;
      json(response, 404, { type: 't', title: 'Nothing', status: 404, detail: 'no', code: 'not_found' });
    };
    await expect(client.stream('w').next()).rejects.toMatchObject({ code: 'not_found' });
    expect(requests).toBe(1);
  });

  it('gives up when nothing answers for too long', async () => {
    server.close();
    await expect(client.stream('w', { giveUpAfterMs: 300 }).next()).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('wait', () => {
  it('gives the workflow once it has ended', async () => {
    handle = (request, response) => (request.url?.endsWith('/stream') ? response.writeHead(200).end(line(1, 'workflow.completed')) : json(response, 200, { workflowId: 'w', status: 'completed' }));
    expect(await client.wait('w')).toMatchObject({ status: 'completed' });
  });

  it('says so when it has not ended in time', async () => {
    handle = (_request, response) => void response.writeHead(200).write(': open\n\n');
    await expect(client.wait('w', { timeoutMs: 100 })).rejects.toMatchObject({ code: 'deadline_exceeded' });
  });
});
