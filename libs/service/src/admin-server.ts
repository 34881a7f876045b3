import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { FailureError } from '@trivet/contracts';
import { problem, type AdminAnswer, type AdminRoutes } from './admin-routes.js';
import { ConfigError } from './load-config.js';

export interface AdminServer {
  /** The port it really listens on. */
  port: number;
  close(): Promise<void>;
}

/**
 * Serves the admin routes on a port of their own, so that health answers while the service itself is busy or not up.
 * @throws ConfigError when the port is taken or not allowed
 */
export async function startAdminServer(routes: AdminRoutes, { port, host }: { port: number; host: string }): Promise<AdminServer> {
  const server = createServer((request, response) => void respond(routes, request, response));
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new ConfigError([`TRIVET_ADMIN_PORT is ${port}, but ${host}:${port} cannot be listened on (${reasonOf(error)}). Choose another, or 0 for a free one.`]);
  }
  // Health must not be what keeps a process that is done from ending.
  server.unref();
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(routes: AdminRoutes, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, headers, body } = await answerOf(routes, request.method ?? 'GET', request.url ?? '/');
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function answerOf(routes: AdminRoutes, method: string, url: string): Promise<AdminAnswer> {
  try {
    return (await routes.answer(method, url)) ?? problem(new FailureError('not_found', `This port serves /livez, /readyz, /metrics and /version, not ${url.slice(0, 200)}.`));
  } catch (error) {
    return problem(new FailureError('internal', 'The admin route failed; the log of the service has the details.', { cause: error }));
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return 'it is in use';
  return error instanceof Error ? error.message : String(error);
}
