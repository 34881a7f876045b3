import { fastifyStatic } from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

/** The pages of the dashboard: each address gives the same document, which then shows the page. */
const PAGES = ['/', '/workflows', '/workflows/:id', '/workers', '/budgets', '/tools', '/prompts', '/approvals', '/schedules', '/audit', '/connect'];

/** Where the build of the dashboard lies, beside this app. */
const FOLDER = fileURLToPath(new URL('../../dashboard/dist/', import.meta.url));

const YEAR_MS = 365 * 86_400_000;

/** Scripts, styles and pictures from here only; no inline script, no frame, no form that leaves: what a model or a tool wrote cannot run. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS = { 'Content-Security-Policy': POLICY, 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer' };

/**
 * Serves the dashboard at its addresses; where it is not built, each says so. Nothing of it needs a key: it has no data in it.
 * @param onPath told every path that it adds
 */
export async function mountDashboard(app: NestFastifyApplication, onPath: (path: string) => void, folder = FOLDER): Promise<void> {
  let isMounting = true;
  app.getHttpAdapter().getInstance().addHook('onRoute', ({ url }) => {
    if (isMounting) onPath(url);
  });
  if (existsSync(path.join(folder, 'index.html'))) await mountBuilt(app, folder);
  else mountNotice(app);
  isMounting = false;
}

function mountNotice(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  for (const page of PAGES) fastify.get(page, (_request, reply) => reply.status(503).type('text/plain; charset=utf-8').send('The dashboard is not built. Run `npm run build`, then load this page again after a restart.\n'));
}

async function mountBuilt(app: NestFastifyApplication, folder: string): Promise<void> {
  await app.register(fastifyStatic, {
    root: path.join(folder, 'assets'),
    prefix: '/assets/',
    preCompressed: true,
    // Names in /assets carry a hash of their content, so what is there never changes; the document names them, so it is always asked for anew.
    setHeaders: (reply, file) => {
      for (const [name, value] of Object.entries(HEADERS)) reply.header(name, value);
      reply.header('Cache-Control', file.includes(`${path.sep}assets${path.sep}`) ? `public, max-age=${YEAR_MS / 1_000}, immutable` : 'no-cache');
    },
    cacheControl: false,
    index: false,
  });
  const fastify = app.getHttpAdapter().getInstance();
  for (const page of PAGES) fastify.get(page, (_request, reply) => reply.sendFile('index.html', folder));
  fastify.get('/trivet.svg', (_request, reply) => reply.sendFile('trivet.svg', folder));
}
