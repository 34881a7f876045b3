/**
 * The model tier without the bus, in a process of its own: reservation, adapter, settlement, as `answerCall` does it, asked
 * by loops in the same process. Arguments: URL of Redis, port of the vendor, whether to stream.
 */
import { answerCall, createPromptStore, createRouter, inlineExtractor, parseModelConfig } from '@trivet/model';
import { connectRedis, createAnswerCache, createBlobs, createLedger, createRates } from '@trivet/state';
import { closedLoop } from '../measure.mjs';

const [redisUrl, vendorPort, streams] = process.argv.slice(2);
const redis = connectRedis({ url: redisUrl, name: 'bench-model' });
const config = parseModelConfig(JSON.stringify({ endpoints: [{ name: 'vendor', provider: 'openai', baseUrl: `http://127.0.0.1:${vendorPort}/v1`, stream: streams === 'stream', models: [{ id: 'gpt-4.1-nano' }] }], retry: { attempts: 1 }, breaker: { failures: 1_000_000 } }), 'bench');
const ledger = createLedger(redis);
const context = {
  ledger, rates: createRates(redis), cache: createAnswerCache(redis), blobs: createBlobs(redis),
  router: createRouter({ config, secrets: {}, extractor: inlineExtractor, nowMs: Date.now }),
  prompts: createPromptStore([]), worker: 'bench', nowMs: Date.now, random: Math.random,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  onDelta: () => undefined, onAttempt: () => undefined, onThreshold: () => undefined, onNotice: () => undefined, reach: () => undefined,
};
await ledger.setLimits({ scope: 'tenant', tenant: 'bench', id: 'bench' }, [{ window: 'total', limitTokens: 9_000_000_000_000 }]);
let counter = 0;

async function runOne(said = 'Say something short.') {
  counter += 1;
  const call = { callId: `b${process.pid}-${counter}`, tenant: 'bench', workflowId: `w${counter % 100}`, stepId: 's', attempt: 1, user: 'ada', deadlineAt: Date.now() + 60_000, request: { messages: [{ role: 'user', content: said }], maxTokens: 100 } };
  const result = await answerCall(call, context, { epoch: 1, signal: new AbortController().signal });
  if (result.failure && !said.includes('cut')) throw new Error(JSON.stringify(result.failure));
}

async function pair() {
  counter += 1;
  const reservationId = `p${process.pid}-${counter}.1`;
  const accounts = [{ scope: 'workflow', tenant: 'bench', id: `w${counter % 100}` }, { scope: 'user', tenant: 'bench', id: 'ada' }, { scope: 'tenant', tenant: 'bench', id: 'bench' }, { scope: 'global', tenant: 'bench', id: 'global' }];
  await ledger.reserve({ reservationId, fingerprint: 'f', accounts, tokens: 120, nanoUsd: 50_000, leaseMs: 60_000, vendor: { endpoint: 'vendor', model: 'm' } });
  await ledger.settle({ reservationId, tokens: 31, inputTokens: 20, nanoUsd: 7_000, keepMs: 60_000 });
}

const WORK = {
  answers: ({ concurrency, seconds }) => closedLoop(() => runOne(), { count: Infinity, concurrency, mostSeconds: seconds }),
  pairs: ({ concurrency, seconds }) => closedLoop(pair, { count: Infinity, concurrency, mostSeconds: seconds }),
  mixed: ({ concurrency, seconds, count }) => closedLoop(() => runOne(counter % 10 === 0 ? 'cut' : undefined), { count, concurrency, mostSeconds: seconds }),
  memory: async () => {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 200));
    globalThis.gc?.();
    return { heapMib: process.memoryUsage().heapUsed / 1_048_576, rssMib: process.memoryUsage().rss / 1_048_576 };
  },
};
process.on('message', async ({ work, ...rest }) => {
  try {
    process.send({ result: await WORK[work](rest) });
  } catch (error) {
    process.send({ error: error.stack });
  }
});
process.once('disconnect', () => process.exit(0));
process.send({ ready: true });
