import { freePort } from '@trivet/cli';
import type { Service } from '@trivet/contracts';
import { createSlowDisk, nodeOptionsFor, startNats, startRedis, startScriptedVendor, startStack, startTcpProxy, type Alteration, type ServiceProcess, type SlowDisk, type Stack, type TcpProxy, type TestServers } from '@trivet/testing';
import { buildEffectTool } from './effect-tool.js';
import { seeded } from './random.js';
import { startTarget, type Execution, type Target } from './target.js';

/** The network of one process: everything it says to a server goes through a proxy of its own. */
export interface Link {
  service: Service;
  index: number;
  nats: TcpProxy;
  redis: TcpProxy;
}

/** The system and everything around it, which the faults act on. */
export interface World {
  stack: Stack;
  /** Of each orchestrator; they stay. */
  urls: string[];
  servers: TestServers;
  network: Link[];
  disk: SlowDisk | { unavailable: string };
  /** What the tools' target was asked. */
  target: Target;
  /** What the model vendor was asked: `number` is in its answer. */
  answers: Execution[];
  stop: () => Promise<void>;
}

export interface WorldOptions {
  replicas: Record<Service, number>;
  /** Places of the services' code that are changed as it is loaded. */
  alterations?: readonly Alteration[];
  appendfsync?: 'always' | 'everysec';
  /** How much longer each fsync of Redis takes from the start. */
  fsyncDelayMs?: number;
  seed: number;
  effectMs?: (key: string) => number;
  environment?: Record<string, string>;
}

const SERVICES = ['orchestrator', 'executor', 'model'] as const;

export const allProcesses = (stack: Stack): ServiceProcess[] => SERVICES.flatMap((service) => stack.processes(service));

export async function createWorld(options: WorldOptions): Promise<World> {
  const stops: (() => Promise<void> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  try {
    const target = await startTarget({ delayMs: options.effectMs ?? (() => 20) });
    stops.push(target.stop);
    const tool = await buildEffectTool(target.port);
    stops.push(tool.remove);
    const answers: Execution[] = [];
    const vendor = await startScriptedVendor((request) => answerTo(request.messages, answers));
    stops.push(vendor.stop);
    const { servers, disk } = await startBrokers(options);
    stops.push(() => ('remove' in disk ? disk.remove() : undefined));
    const network = await openNetwork(servers, options);
    stops.push(() => Promise.all(network.flatMap(({ nats, redis }) => [nats.stop(), redis.stop()])).then(() => undefined));
    const ports = await Promise.all(Array.from({ length: options.replicas.orchestrator }, () => freePort()));
    const stack = await startStack({
      servers,
      replicas: options.replicas,
      environment: { OPENAI_BASE_URL: vendor.url, OPENAI_API_KEY: 'sk-none', NODE_OPTIONS: nodeOptionsFor([...tool.alterations, ...(options.alterations ?? [])]), ...options.environment },
      environmentOf: (service, index) => ({ ...urlsOf(network, service, index), ...(service === 'orchestrator' ? { TRIVET_HTTP_PORT: String(ports[index]) } : {}) }),
    });
    stops.push(() => stack.stop());
    return { stack, urls: ports.map((port) => `http://127.0.0.1:${port}`), servers, network, disk, target, answers, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startBrokers(options: WorldOptions): Promise<{ servers: TestServers; disk: World['disk'] }> {
  const disks: World['disk'][] = [];
  const programFor = (binary: string): string => {
    const disk = createSlowDisk(binary);
    disks.push(disk);
    return 'program' in disk ? disk.program : binary;
  };
  const [nats, redis] = await Promise.all([startNats(), startRedis({ programFor, ...(options.appendfsync ? { appendfsync: options.appendfsync } : {}) })]);
  const disk = disks[0] ?? { unavailable: 'the embedded Redis has no disk' };
  if (options.fsyncDelayMs && 'setDelayMs' in disk) disk.setDelayMs(options.fsyncDelayMs);
  return { servers: { nats, redis, stop: async () => void (await Promise.all([nats.stop(), redis.stop()])) }, disk };
}

function openNetwork(servers: TestServers, { replicas, seed }: WorldOptions): Promise<Link[]> {
  const random = seeded(seed + 1);
  const places = SERVICES.flatMap((service) => Array.from({ length: replicas[service] }, (_, index) => ({ service, index })));
  return Promise.all(
    places.map(async (place) => {
      const [nats, redis] = await Promise.all([servers.nats, servers.redis].map((server) => startTcpProxy({ targetPort: server.port, random })));
      if (!nats || !redis) throw new Error('unreachable: two servers have two proxies');
      return { ...place, nats, redis };
    }),
  );
}

function urlsOf(network: readonly Link[], service: Service, index: number): Record<string, string> {
  const link = network.find((each) => each.service === service && each.index === index);
  return link ? { TRIVET_NATS_URL: `nats://127.0.0.1:${link.nats.port}`, TRIVET_REDIS_URL: `redis://127.0.0.1:${link.redis.port}` } : {};
}

/** The vendor answers each question with a number of its own; an agent is told to use the tool once first. */
function answerTo(messages: readonly { role: string; content: string | null }[], answers: Execution[]): { text: string; toolCalls?: { id: string; name: string; arguments: unknown }[] } {
  const key = /\[([^\]]+)\]/.exec(messages.find((message) => message.role === 'user')?.content ?? '')?.[1] ?? '';
  const turn = messages.filter((message) => message.role === 'assistant').length;
  const number = answers.push({ number: answers.length + 1, key: `${key}#${turn}`, saw: null, startedAtMs: Date.now() });
  const wantsTool = key.endsWith('/agent') && turn === 0;
  return wantsTool ? { text: `answer ${number}`, toolCalls: [{ id: `c${number}`, name: 'effect', arguments: { key: `${key}/tool` } }] } : { text: `answer ${number}` };
}
