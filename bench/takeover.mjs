import { latencies } from './measure.mjs';
import { startOurs } from './ours.mjs';

const STEP_MS = 1_500;
/** A step of a known length: its own time is taken off what is measured. */
const SLEEPER = { steps: [{ id: 'first', kind: 'tool', tool: 'calculator', input: { expression: '1' } }, { id: 'slow', kind: 'code', input: { code: `const end = Date.now() + ${STEP_MS}; let n = 0; while (n < 1e9) n += 1; n`, timeoutMs: STEP_MS }, dependsOn: ['first'], onFailure: 'continue' }] };
/** Measured the same way with their defaults; see the reference figures in docs/performance.md. */
const PEERS = { 'Restate 1.7.12': 600, 'DBOS 5.3.0': 1_300, 'BullMQ 6.7.0': 59_800 };

/** What a kill -9 in the middle costs: the time a workflow takes beyond that of its steps. */
export async function takeover({ say }) {
  const ours = await startOurs({ replicas: { executor: 2, orchestrator: 2 } });
  const { stack } = ours;
  try {
    for (let warm = 0; warm < 20; warm += 1) await ours.runOne();
    // The connections have to be old enough that silence is believed.
    await pause(4_000);
    const undisturbed = await measureSleeper(ours, async () => undefined);
    const results = { undisturbedMs: undisturbed, killed: await repeat(20, 'executor killed', say, () => killHolder(ours, undisturbed)) };
    results.hung = await repeat(4, 'executor hung (SIGSTOP)', say, () => stopHolder(ours, undisturbed));
    results.orchestrator = await repeat(10, 'orchestrator killed', say, () => disturbed(ours, () => stack.processes('orchestrator')[1].kill()));
    results.nats = await repeat(5, 'NATS killed and restarted', say, () => disturbed(ours, () => stack.servers.nats.restart()));
    results.redis = await repeat(5, 'Redis killed and restarted', say, () => disturbed(ours, () => stack.servers.redis.restart()));
    return { peersMs: PEERS, stepMs: STEP_MS, ...results };
  } finally {
    await ours.stop();
  }
}

async function repeat(times, what, say, task) {
  const took = [];
  for (let n = 0; n < times; n += 1) took.push(Math.max(0, await task()));
  const figures = latencies(took);
  say(`${what.padEnd(28)} p50 ${figures.p50} ms   p99 ${figures.p99} ms   (${times} times)`);
  return figures;
}

let ids = 0;
async function measureSleeper(ours, during) {
  const workflowId = `takeover-${Date.now()}-${(ids += 1)}`;
  await ours.stack.submit({ goal: 'bench', workflowId, plan: SLEEPER });
  const holder = await holderOf(ours, workflowId);
  const startedAt = performance.now();
  await during(holder);
  await ours.stack.ended(workflowId, { withinMs: 90_000 });
  return performance.now() - startedAt;
}

async function holderOf({ stack }, workflowId) {
  for (;;) {
    const step = (await stack.steps(workflowId)).find((each) => each.id === 'slow');
    const worker = step?.calls.at(-1)?.worker;
    if (step?.status === 'running' && worker) return (await stack.get('/api/v1/workers')).items.find((each) => each.id === worker)?.pid;
    await pause(5);
  }
}

/** From the kill to the end, less the whole length of the step, which runs anew. */
async function killHolder(ours, undisturbed) {
  const took = await measureSleeper(ours, async (pid) => ours.stack.processes('executor').find((each) => each.pid === pid)?.kill());
  await pause(4_000);
  return took - undisturbed;
}

async function stopHolder(ours, undisturbed) {
  let stopped;
  const took = await measureSleeper(ours, async (pid) => {
    stopped = ours.stack.processes('executor').find((each) => each.pid === pid);
    stopped?.signal('SIGSTOP');
  });
  stopped?.signal('SIGCONT');
  await pause(4_000);
  return took - undisturbed;
}

/** How long a stream of short workflows stands still. */
async function disturbed(ours, fault) {
  const ends = [];
  let isOver = false;
  const lanes = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      // Over HTTP: the notice of an end on the bus may be lost with the bus.
      const ended = await ours.runOneOverHttp().then(() => true, () => false);
      if (ended) ends.push(performance.now());
      else await pause(20);
    }
  });
  await pause(1_000);
  const at = performance.now();
  await fault();
  const back = performance.now();
  await pause(5_000);
  isOver = true;
  await Promise.race([Promise.all(lanes), pause(20_000)]);
  await pause(1_000);
  // How long after the fault was over the first workflow ended that was not about to end anyway.
  const after = ends.find((end) => end > back + 20) ?? performance.now();
  return after - Math.max(back, ends.filter((end) => end <= back).at(-1) ?? at);
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
