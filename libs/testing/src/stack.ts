import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bears, processesOf, startTcpFront, type Role, type Shape } from '@trivet/cli';
import { SERVICES, type Service, type Step, type Workflow } from '@trivet/contracts';
import { startServers, type TestServers } from './servers.js';
import { testShape } from './shape.js';
import { supervise, type ServiceProcess, type Supervised } from './supervise.js';

export interface StackOptions {
  /** How its tiers lie on processes; default: TRIVET_TEST_SHAPE, else a process each. */
  shape?: Shape;
  /** How many processes of each service; when absent two on `scaled`, else one. On `one` there is a single process whatever is asked for. */
  replicas?: Partial<Record<Service, number>>;
  /** Kills each process of a service at a crash point, once; those that follow have none. */
  crash?: { service: Service; at: string };
  /** Further environment variables of every service. */
  environment?: Record<string, string>;
  /** Services that are not started; on `one` all are. */
  without?: readonly Service[];
  /** Servers that run already, in place of new ones; they end with the stack. */
  servers?: TestServers;
  /** Further environment variables of one process: the n-th of its service, from 0. */
  environmentOf?: (service: Service, index: number) => Record<string, string>;
}

export interface Stack {
  url: string;
  servers: TestServers;
  processes: (service: Service) => ServiceProcess[];
  /** The logs of all services so far, for the message of a test that fails. */
  logs: () => string;
  submit: (task: object, options?: { tenant?: string; query?: string }) => Promise<Response>;
  get: <Body>(path: string, options?: { tenant?: string }) => Promise<Body>;
  /** Waits until a workflow has ended; fails with the logs when it does not. */
  ended: (workflowId: string, options?: { tenant?: string; withinMs?: number }) => Promise<Workflow>;
  steps: (workflowId: string) => Promise<Step[]>;
  stop: () => Promise<void>;
}

/** The whole system as a user runs it: real servers, three (or more) real processes, restarted when they die. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const servers = options.servers ?? (await startServers());
  const shape = options.shape ?? testShape();
  const dataDir = mkdtempSync(join(tmpdir(), 'trivet-stack-'));
  const lines: string[] = [];
  const environment = { TRIVET_NATS_URL: servers.nats.url, TRIVET_REDIS_URL: servers.redis.url, TRIVET_ADMIN_PORT: '0', TRIVET_DATA_DIR: dataDir, TRIVET_LOG_LEVEL: 'warn', ...options.environment };
  const { supervised, httpPort } = await startProcesses({ ...options, shape, environment }, lines);
  const orchestrators = supervised.filter((each) => bears({ role: each.service }, 'orchestrator'));
  const front = shape === 'scaled' ? await startTcpFront({ port: 0, host: '127.0.0.1', backends: () => orchestrators.flatMap((each) => each.servingAt() ?? []) }) : undefined;
  const url = `http://127.0.0.1:${front?.port ?? httpPort}`;
  const get = async <Body>(path: string, { tenant }: { tenant?: string } = {}): Promise<Body> => {
    const response = await fetchPatiently(`${url}${path}`, { headers: tenant ? { 'X-Trivet-Tenant': tenant } : {} });
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Body;
  };
  const logs = (): string => lines.slice(-200).join('');
  if (!options.without?.includes('executor')) await until(async () => (await fetchPatiently(`${url}/readyz`)).ok, 20_000, () => `the stack is not ready\n${logs()}`);

  return {
    url,
    servers,
    logs,
    processes: (service) => supervised.filter((each) => bears({ role: each.service }, service)),
    submit: (task, { tenant, query = '' } = {}) => fetchPatiently(`${url}/api/v1/tasks${query}`, { method: 'POST', headers: { 'Content-Type': 'application/json', ...(tenant ? { 'X-Trivet-Tenant': tenant } : {}) }, body: JSON.stringify(task) }),
    get,
    ended: async (workflowId, { tenant, withinMs = 60_000 } = {}) => {
      let last: Workflow | undefined;
      await until(async () => {
        last = await get<Workflow>(`/api/v1/workflows/${workflowId}`, tenant ? { tenant } : {});
        return ['completed', 'failed', 'cancelled'].includes(last.status);
      }, withinMs, () => `workflow ${workflowId} has not ended: ${JSON.stringify(last)}\n${logs()}`);
      if (!last) throw new Error('unreachable: until() has seen it');
      return last;
    },
    steps: async (workflowId) => (await get<{ items: Step[] }>(`/api/v1/workflows/${workflowId}/steps`)).items,
    stop: async () => {
      await Promise.all(supervised.map((each) => each.end()));
      await front?.close();
      await servers.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Starts the first orchestrator, which keeps its port when it is started again and makes the streams, then the others at once. */
async function startProcesses(options: StackOptions & { shape: Shape; environment: Record<string, string> }, lines: string[]): Promise<{ supervised: Supervised[]; httpPort: number }> {
  const supervised: Supervised[] = [];
  const start = async ({ role, index }: { role: Role; index: number }): Promise<{ httpPort?: number }> => {
    const crashAt = options.crash && bears({ role }, options.crash.service) ? options.crash.at : undefined;
    const own = SERVICES.filter((tier) => bears({ role }, tier)).map((tier) => options.environmentOf?.(tier, index));
    const one = supervise(role, { ...options.environment, TRIVET_HTTP_PORT: '0', ...Object.assign({}, ...own) }, crashAt, lines);
    supervised.push(one);
    return Promise.race([one.ready, neverReady(role, lines)]);
  };
  const [first, ...others] = planOf(options.shape, options);
  if (!first) throw new RangeError('The stack has no process: every service is left out.');
  const { httpPort = 0 } = await start(first);
  for (const one of supervised) if (httpPort > 0) one.environment['TRIVET_HTTP_PORT'] = String(httpPort);
  await Promise.all(others.map(start));
  return { supervised, httpPort };
}

/** Every process, orchestrators first. Tests of one tier's replicas say how many they need, and get as many in every shape that has several. */
function planOf(shape: Shape, { replicas, without = [] }: StackOptions): { role: Role; index: number }[] {
  if (shape === 'one') return processesOf({ shape, replicas: { orchestrator: 1, executor: 1, model: 1 } });
  const least = shape === 'scaled' ? 2 : 1;
  const counts = SERVICES.map((service) => [service, without.includes(service) ? 0 : (replicas?.[service] ?? least)] as const);
  return processesOf({ shape: 'scaled', replicas: Object.fromEntries(counts) as Record<Service, number> });
}

/** Rejects when a service has had time enough to start: one that cannot start would be started again for ever. */
function neverReady(service: Role, lines: readonly string[]): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new Error(`${service} was not ready within ${READY_WITHIN_MS} ms\n${lines.slice(-50).join('')}`)), READY_WITHIN_MS).unref());
}

const READY_WITHIN_MS = 60_000;

/** Polls until a condition holds; for what has no event to wait for. */
export async function until(condition: () => Promise<boolean> | boolean, withinMs: number, describe: () => string = () => 'the condition does not hold'): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    if (await Promise.resolve(condition()).catch(() => false)) return;
    if (performance.now() > deadline) throw new Error(`After ${withinMs} ms: ${describe()}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** A restart of the orchestrator refuses connections for a moment; a client tries again. */
async function fetchPatiently(url: string, init: RequestInit = {}): Promise<Response> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    try {
      return await fetch(url, { ...init, signal: AbortSignal.timeout(60_000) });
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
