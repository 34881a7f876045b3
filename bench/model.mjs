import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectBus } from '@trivet/bus';
import { startRedis, startStack } from '@trivet/testing';
import { startPortkey, startTier, startVendor } from './model/processes.mjs';
import { closedLoop, cpuMsOf, latencies, median, round } from './measure.mjs';
import { installPeers } from './peers.mjs';
import { openSdk } from './model/sdk.mjs';

const SECONDS = 4;
const IN_FLIGHT = 64;
const CALLS_FOR_MEMORY = 200_000;

/** What our tier adds to a vendor that answers at once, beside Portkey's gateway and the bare SDK, in turns. */
export async function model({ say, repetitions = 3, arguments: args = [] }) {
  installPeers(say);
  const vendor = await startVendor();
  const redis = await startRedis();
  const ways = [
    { name: 'bare SDK (the floor)', open: async () => sdkWay(vendor.url) },
    { name: 'Trivet: ledger and adapter', open: async () => tierWay(redis.url, vendor.port) },
    { name: 'Portkey gateway, asked by the SDK', open: async () => portkeyWay(vendor.url) },
    { name: 'Trivet over the bus, as executors ask', open: async () => busWay(vendor.url) },
  ];
  const measured = new Map(ways.map(({ name }) => [name, []]));
  try {
    for (let repetition = 1; repetition <= repetitions; repetition += 1) {
      for (const { name, open } of ways) {
        const figures = await measureWay(open).catch((error) => ({ error: error.message.split('\n')[0] }));
        measured.get(name).push(figures);
        say(`${repetition}/${repetitions}  ${name.padEnd(40)} ${figures.error ?? `alone p50 ${figures.p50} ms, ${figures.perSecond}/s, ${figures.cpuUs} µs of its process`}`);
      }
    }
    const rows = [...measured].map(([name, all]) => summary(name, all));
    const pairs = await measurePairs(redis.url, vendor.port, say);
    const memory = await measureMemory(redis.url, vendor.port, say, args.includes('--short') ? 20_000 : CALLS_FOR_MEMORY);
    const firstToken = await measureFirstToken(vendor.url, say);
    return { settings: 'Redis appendfsync always; a loopback vendor that answers at once; no stream unless said', inFlight: IN_FLIGHT, rows, pairs, memory, firstToken };
  } finally {
    await redis.stop();
    await vendor.stop();
  }
}

async function measureWay(open) {
  const way = await open();
  try {
    await way.loop({ concurrency: IN_FLIGHT, seconds: 1.5 });
    const alone = await way.loop({ concurrency: 1, seconds: SECONDS });
    const cpu = way.cpuMs();
    const many = await way.loop({ concurrency: IN_FLIGHT, seconds: SECONDS });
    return { p50: alone.p50, p99: alone.p99, perSecond: many.perSecond, p50Many: many.p50, p99Many: many.p99, cpuUs: Math.round(((way.cpuMs() - cpu) * 1_000) / many.count) };
  } finally {
    await way.stop();
  }
}

const ownCpuMs = () => (process.cpuUsage().user + process.cpuUsage().system) / 1_000;
const inLoops = (runOne) => ({ concurrency, seconds }) => closedLoop(runOne, { count: Infinity, concurrency, mostSeconds: seconds });

async function sdkWay(url) {
  const ask = openSdk(url);
  return { loop: inLoops(ask), cpuMs: ownCpuMs, stop: async () => undefined };
}

async function portkeyWay(vendorUrl) {
  const gateway = await startPortkey();
  const ask = openSdk(gateway.url, { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': vendorUrl });
  return { loop: inLoops(ask), cpuMs: gateway.cpuMs, stop: gateway.stop };
}

async function tierWay(redisUrl, vendorPort) {
  const tier = await startTier(redisUrl, vendorPort);
  return { loop: (order) => tier.run({ work: 'answers', ...order }), cpuMs: tier.cpuMs, stop: tier.stop };
}

/** The service as it ships, asked over NATS by this process as an executor asks for a tool. */
async function busWay(vendorUrl) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-model-'));
  const config = join(folder, 'models.json');
  writeFileSync(config, JSON.stringify({ endpoints: [{ name: 'vendor', provider: 'openai', baseUrl: vendorUrl, stream: false, models: [{ id: 'gpt-4.1-nano' }] }] }));
  const stack = await startStack({ without: ['executor'], environment: { TRIVET_MODEL_CONFIG: config } });
  const bus = await connectBus({ url: stack.servers.nats.url, name: 'bench', inboxPrefix: '_INBOX_executor' });
  const waiting = new Map();
  const inbox = bus.createInbox((notice) => {
    const result = notice.json();
    waiting.get(result.callId)?.(result);
    waiting.delete(result.callId);
  });
  const run = Date.now().toString(36);
  let counter = 0;
  const runOne = async () => {
    counter += 1;
    const call = { callId: `${run}-${counter}`, tenant: 'default', workflowId: `w${counter % 100}`, stepId: 's', attempt: 1, parentCallId: 'tool', answerTo: inbox.subject, deadlineAt: Date.now() + 60_000, request: { messages: [{ role: 'user', content: 'Say something short.' }], maxTokens: 100 } };
    const answered = new Promise((resolve) => waiting.set(call.callId, resolve));
    await bus.publish(`trivet.v1.model.call.default.${call.workflowId}`, call, { workflowId: call.workflowId, messageId: call.callId });
    const { failure } = await answered;
    if (failure) throw new Error(JSON.stringify(failure));
  };
  return {
    loop: inLoops(runOne),
    cpuMs: () => stack.processes('model').reduce((sum, { pid }) => sum + cpuMsOf(pid), 0),
    stop: async () => {
      inbox.stop();
      await bus.close();
      await stack.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function summary(name, all) {
  const good = all.filter((figures) => !figures.error);
  if (good.length === 0) return { name, error: all[0]?.error };
  return { name, ...Object.fromEntries(Object.keys(good[0]).map((key) => [key, median(good.map((figures) => figures[key]))])) };
}

async function measurePairs(redisUrl, vendorPort, say) {
  const tier = await startTier(redisUrl, vendorPort);
  try {
    await tier.run({ work: 'pairs', concurrency: 64, seconds: 1 });
    const alone = await tier.run({ work: 'pairs', concurrency: 1, seconds: SECONDS });
    const many = await tier.run({ work: 'pairs', concurrency: 256, seconds: SECONDS });
    say(`reserve and settle: p50 ${alone.p50} ms alone, ${many.perSecond} pairs/s with 256 in flight`);
    return { p50: alone.p50, p99: alone.p99, perSecond: many.perSecond };
  } finally {
    await tier.stop();
  }
}

/** Streams, every tenth of them cut off, and what the process holds on to. */
async function measureMemory(redisUrl, vendorPort, say, count) {
  const tier = await startTier(redisUrl, vendorPort, 'stream');
  const points = [];
  try {
    const slice = Math.ceil(count / 10);
    let calls = 0;
    for (const deadline = performance.now() + 260_000; calls < count && performance.now() < deadline; ) {
      const { count: made } = await tier.run({ work: 'mixed', concurrency: IN_FLIGHT, seconds: 60, count: slice });
      calls += made;
      points.push({ calls, ...(await tier.run({ work: 'memory' })) });
      say(`${calls} streams, a tenth of them cut off: heap ${round(points.at(-1).heapMib)} MiB, resident ${round(points.at(-1).rssMib)} MiB`);
    }
    return points.map(({ calls: at, heapMib, rssMib }) => ({ calls: at, heapMib: round(heapMib), rssMib: round(rssMib) }));
  } finally {
    await tier.stop();
  }
}

/** From the moment the vendor writes the first piece until a watcher of the workflow has it. */
async function measureFirstToken(vendorUrl, say) {
  const stack = await startStack({ environment: { OPENAI_BASE_URL: vendorUrl, OPENAI_API_KEY: 'none' } });
  const took = [];
  try {
    for (let n = 0; n < 60; n += 1) {
      const workflowId = `stream-${n}`;
      await stack.submit({ goal: 'stream', workflowId, plan: { steps: [{ id: 'm', kind: 'model', input: { messages: [{ role: 'user', content: 'timed' }], maxTokens: 100 } }] } });
      const response = await fetch(`${stack.url}/api/v1/workflows/${workflowId}/stream`);
      const decoder = new TextDecoder();
      let text = '';
      for await (const chunk of response.body) {
        const at = process.hrtime.bigint();
        text += decoder.decode(chunk, { stream: true });
        const written = /event: delta\ndata: .*?"text":"(\d+) "/.exec(text)?.[1];
        if (written === undefined) continue;
        took.push(Number(at - BigInt(written)) / 1e6);
        break;
      }
    }
    const figures = latencies(took);
    say(`first piece, from the vendor to a watcher over SSE: p50 ${figures.p50} ms, p99 ${figures.p99} ms`);
    return figures;
  } finally {
    await stack.stop();
  }
}
