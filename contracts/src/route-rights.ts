import type { RouteEntry } from './routes.js';

/**
 * What a request needs once keys are configured. open: nothing; read, write, admin: a key of at least this role; operator: an
 * admin key of the tenant default.
 */
export const RIGHTS = ['open', 'read', 'write', 'admin', 'operator'] as const;
export type Right = (typeof RIGHTS)[number];

type Method = RouteEntry['method'];

/** Every route by what it needs, and each once. What is not here is refused to everybody who needs a key. */
const ROUTES_BY_RIGHT: Readonly<Record<Right, readonly `${Method} /${string}`[]>> = {
  // What says that a process lives, and the way to a session.
  open: ['GET /livez', 'GET /readyz', 'GET /version', 'POST /api/v1/session', 'DELETE /api/v1/session'],
  read: [
    'GET /api/v1/session',
    ...gets('/workflows', '/workflows/counts', '/workflows/{id}', '/workflows/{id}/steps', '/workflows/{id}/events', '/workflows/{id}/trace', '/workflows/{id}/stream', '/workflows/{id}/state'),
    ...gets('/stream', '/overview', '/usage', '/approvals', '/approvals/{id}', '/schedules', '/schedules/{id}', '/schedules/{id}/next'),
    ...gets('/budgets', '/budgets/reconciliation', '/budgets/{scope}/{id}', '/policies', '/policies/{tenant}', '/workers', '/queues', '/queues/keys'),
    ...gets('/tools', '/tools/{name}', '/tools/{name}/versions', '/prompts', '/prompts/{name}', '/prompts/{name}/versions', '/prompts/{name}/diff'),
    ...gets('/files', '/files/{name}', '/templates', '/dead', '/audit', '/audit/verify'),
    'GET /v1/models',
    'GET /openapi.json',
    'GET /asyncapi.json',
  ],
  // What a person or a system that works with Trivet does all day, and what it can undo.
  write: [
    'POST /api/v1/tasks',
    ...posts('/workflows/bulk', '/workflows/{id}/cancel', '/workflows/{id}/pause', '/workflows/{id}/resume', '/workflows/{id}/retry', '/workflows/{id}/signal', '/workflows/{id}/fork'),
    'POST /api/v1/approvals/{id}/decide',
    'POST /api/v1/schedules',
    'PUT /api/v1/schedules/{id}',
    'DELETE /api/v1/schedules/{id}',
    ...posts('/schedules/{id}/pause', '/schedules/{id}/resume', '/schedules/{id}/trigger'),
    'POST /api/v1/prompts/{name}/preview',
    'POST /api/v1/files',
    'DELETE /api/v1/files/{name}',
    'POST /api/v1/dead/{id}/requeue',
    'POST /v1/chat/completions',
    'POST /mcp',
  ],
  // What changes how the work of others runs or what it may cost, or cannot be undone.
  admin: [
    'PUT /api/v1/budgets/{scope}/{id}',
    'PUT /api/v1/policies/{tenant}',
    'PUT /api/v1/tools/{name}',
    'DELETE /api/v1/tools/{name}',
    ...posts('/tools/{name}/disable', '/tools/{name}/enable'),
    'PUT /api/v1/prompts/{name}',
    'PUT /api/v1/prompts/{name}/labels/{label}',
    'DELETE /api/v1/prompts/{name}/labels/{label}',
    'DELETE /api/v1/dead/{id}',
    'DELETE /api/v1/workflows/{id}',
    ...gets('/keys', '/keys/{id}'),
    'POST /api/v1/keys',
    'DELETE /api/v1/keys/{id}',
    'POST /api/v1/keys/{id}/rotate',
  ],
  // What is of all tenants at once. Each service has its metrics on its admin port too, without a key.
  operator: ['GET /api/v1/tenants', 'DELETE /api/v1/tenants/{tenant}', 'GET /metrics'],
};

const BY_ROUTE: ReadonlyMap<string, Right> = new Map(RIGHTS.flatMap((right) => ROUTES_BY_RIGHT[right].map((route): [string, Right] => [withoutNames(route), right])));

/**
 * What a route needs; undefined: nobody has said, so nobody may.
 * @param path as OpenAPI writes it (`/api/v1/tools/{name}`) or as a router does (`/api/v1/tools/:name`)
 */
export function rightOf(method: string, path: string): Right | undefined {
  // The Model Context Protocol takes other methods too, and answers them itself.
  if (path === '/mcp') return BY_ROUTE.get('POST /mcp');
  return BY_ROUTE.get(withoutNames(`${method === 'HEAD' ? 'GET' : method} ${path}`));
}

function withoutNames(route: string): string {
  return route.replaceAll(/\{\w+\}|:\w+/g, '{}');
}

function gets(...paths: readonly `/${string}`[]): `GET /${string}`[] {
  return paths.map((path): `GET /${string}` => `GET /api/v1${path}`);
}

function posts(...paths: readonly `/${string}`[]): `POST /${string}`[] {
  return paths.map((path): `POST /${string}` => `POST /api/v1${path}`);
}
