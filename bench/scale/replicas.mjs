import { createServer } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startScriptedVendor } from '@trivet/testing';
import { closedLoop, cpuMsOf, round } from '../measure.mjs';
import { startOurs } from '../ours.mjs';

/** What answers takes so long; what is measured waits for nothing else. */
const ANSWER_MS = 800;
/** Calls that wait at once in one process: an executor of one slot has four processes for them, an endpoint is told this limit. */
const AT_ONCE = 4;
const ROUNDS = 8;

const PLANS = {
  executor: { steps: [{ id: 'look', kind: 'tool', tool: 'web_search', input: { query: 'grey heron' } }] },
  model: { steps: [{ id: 'ask', kind: 'model', input: { messages: [{ role: 'user', content: 'hi' }], maxTokens: 20 } }] },
};

/** Workflows a second as a tier gets more processes, while each call waits for somebody else. */
export async function overReplicas({ say, counts }) {
  const outside = await startOutside();
  try {
    const rows = [];
    for (const tier of Object.keys(PLANS)) for (const count of counts) rows.push(await measure({ tier, count, outside, say }));
    const alone = (tier) => rows.find((row) => row.tier === tier && row.count === counts[0]).perSecond;
    return { answerMs: ANSWER_MS, atOnce: AT_ONCE, rows: rows.map((row) => ({ ...row, gain: round(row.perSecond / alone(row.tier)) })) };
  } finally {
    await outside.stop();
  }
}

async function measure({ tier, count, outside, say }) {
  const ours = await startOurs({ without: tier === 'model' ? [] : ['model'], replicas: { [tier]: count }, environment: { TRIVET_EXECUTOR_SLOTS: '1', ...outside.environment } });
  try {
    const run = (calls) => closedLoop(() => ours.runOne(PLANS[tier]), { count: calls, concurrency: 2 * AT_ONCE * count, mostSeconds: 20 });
    // Processes for calls that wait start with the first such calls.
    await run(2 * AT_ONCE * count);
    const pids = ours.stack.processes(tier).map(({ pid }) => pid);
    const before = pids.map(cpuMsOf);
    const { perSecond, p50 } = await run(ROUNDS * AT_ONCE * count);
    const cpuMs = pids.reduce((sum, pid, index) => sum + cpuMsOf(pid) - before[index], 0);
    say(`${String(count).padStart(2)} × ${tier.padEnd(12)} ${String(perSecond).padStart(7)} workflows/s`);
    return { tier, count, perSecond, p50, possible: round((AT_ONCE * count * 1_000) / ANSWER_MS), tierCpuMs: round(cpuMs / (ROUNDS * AT_ONCE * count)) };
  } finally {
    await ours.stop();
  }
}

/** A model vendor and a search engine, each of which takes its time. */
async function startOutside() {
  const vendor = await startScriptedVendor(() => ({ text: 'fine', delayMs: ANSWER_MS }));
  const search = createServer((_, response) => void setTimeout(() => response.setHeader('content-type', 'application/json').end('{"results":[]}'), ANSWER_MS));
  await new Promise((done) => search.listen(0, '127.0.0.1', done));
  const folder = mkdtempSync(path.join(tmpdir(), 'trivet-scale-'));
  const config = path.join(folder, 'models.yaml');
  writeFileSync(config, JSON.stringify({ endpoints: [{ name: 'slow', provider: 'openai', baseUrl: vendor.url, limits: { concurrency: AT_ONCE }, models: [{ id: 'scripted', price: { inputUsdPerMillion: 0, outputUsdPerMillion: 0 } }] }] }));
  return {
    environment: { TRIVET_SEARXNG_URL: `http://127.0.0.1:${search.address().port}`, TRIVET_MODEL_CONFIG: config },
    stop: async () => {
      await vendor.stop();
      search.close();
      rmSync(folder, { recursive: true });
    },
  };
}
