import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AdminRoutes } from '@trivet/service';

const SHOWN = new Set(['/livez', '/readyz', '/metrics', '/version']);

/** Shows the admin routes on the public port too. */
export function mountAdminRoutes(app: NestFastifyApplication, routes: AdminRoutes): void {
  app.getHttpAdapter().getInstance().addHook('onRequest', async (request, reply) => {
    if (!SHOWN.has(request.url.split('?')[0] ?? '')) return;
    const answer = await routes.answer(request.method, request.url);
    if (answer) await reply.status(answer.status).headers(answer.headers).send(answer.body);
  });
}

export function portOf(server: { address: () => unknown }): number {
  const address = server.address();
  if (address !== null && typeof address === 'object' && 'port' in address && typeof address.port === 'number') return address.port;
  throw new Error('the HTTP server listens on no port');
}
