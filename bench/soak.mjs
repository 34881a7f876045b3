import { readdirSync } from 'node:fs';
import { SERVICES, STREAMS } from '@trivet/contracts';
import { round } from './measure.mjs';
import { startOurs } from './ours.mjs';
import { redisKeys, redisMib, residentMib } from './scale/memory.mjs';
import { judgeGrowth } from './soak/judge-growth.mjs';

const LANES = 4;
const PAUSE_MS = 100;
/** Records of finished workflows leave Redis so soon, so that the steady state is reached within the first half. */
const KEEP_MS = 20_000;
/** What is kept for a time longer than any soak grows meanwhile; its retention is said in docs/operations.md. */
const GROWS_BY_DESIGN = new Set(['EVENTS', 'SPANS']);
/** What is left of a workflow when its record has gone: its id, so that it does not begin again, and its account. */
const KEPT_FOR_DAYS = /:tomb:|:counted:|^\{ledger\}/;
/** What grows by no more an hour than this is not called a leak. V8 goes on for minutes before the heap of a service has the size it keeps. */
const BARS = { MiB: { leastPerHour: 6, warmUpMs: 600_000 }, 'open files': { leastPerHour: 20 }, messages: { leastPerHour: 60 } };
const OTHER_BAR = { leastShare: 0.25 };
/** Memory goes up and down between two looks; the least of it is what counts. */
const MEMORY_EVERY_MS = 500;

const PLAN = {
  steps: [
    { id: 'sum', kind: 'tool', tool: 'calculator', input: { expression: '20 + 22' } },
    { id: 'each', kind: 'map', dependsOn: ['sum'], over: [1, 2, 3], step: { id: 'one', kind: 'tool', tool: 'calculator', input: { expression: '1 + 1' } } },
    { id: 'nap', kind: 'wait', dependsOn: ['each'], input: { ms: 50 } },
    { id: 'ask', kind: 'model', dependsOn: ['nap'], input: { messages: [{ role: 'user', content: 'Herons wade. They eat fish. They nest in trees.' }] } },
  ],
};

/** @returns the samples, and of each thing that is watched how fast it grows, from which rate on that is a leak, and whether it is one; null where the run was too short */
export async function soak({ minutes, say }) {
  const ours = await startOurs({ without: [], environment: { TRIVET_KEEP_FINISHED_MS: String(KEEP_MS) } });
  const samples = [];
  const startedAt = performance.now();
  const memory = watchMemory(ours);
  let done = 0;
  let isOver = false;
  const lanes = Promise.all(Array.from({ length: LANES }, async () => {
    while (!isOver) {
      await ours.runOne(PLAN);
      done += 1;
      await pause(PAUSE_MS);
    }
  }));
  lanes.catch(() => undefined);
  try {
    const deadline = Date.now() + minutes * 60_000;
    const everyMs = Math.max(2_000, (minutes * 60_000) / 120);
    while (Date.now() < deadline) {
      await Promise.race([pause(everyMs), lanes]);
      samples.push({ atMs: Math.round(performance.now() - startedAt), done, ...memory.least(), ...(await look(ours, done)) });
      if (samples.length % 10 === 0) say(`${Math.round((deadline - Date.now()) / 1_000)} s to go, ${done} workflows: ${describe(samples.at(-1))}`);
    }
    isOver = true;
    await lanes;
    return { minutes, workflows: done, rows: judge(samples), samples };
  } finally {
    memory.stop();
    await ours.stop();
  }
}

/** The least resident memory of each service since it was asked for last. */
function watchMemory({ stack }) {
  let least = {};
  const read = () => {
    for (const service of SERVICES) least[`${service} MiB`] = Math.min(least[`${service} MiB`] ?? Infinity, residentMib(stack.processes(service)[0].pid));
  };
  const timer = setInterval(read, MEMORY_EVERY_MS);
  return {
    least: () => {
      read();
      const seen = least;
      least = {};
      return seen;
    },
    stop: () => clearInterval(timer),
  };
}

async function look({ stack, bus }, done) {
  const seen = {};
  for (const service of SERVICES) {
    const [{ pid }] = stack.processes(service);
    seen[`${service} open files`] = readdirSync(`/proc/${pid}/fd`).length;
  }
  const [mib, names] = await Promise.all([redisMib(stack.servers.redis.url), redisKeys(stack.servers.redis.url)]);
  const kept = names.filter((name) => KEPT_FOR_DAYS.test(name)).length;
  seen['redis keys'] = names.length - kept;
  seen['kept keys a workflow'] = round(kept / Math.max(1, done));
  seen['redis KiB a workflow'] = round((mib * 1_024) / Math.max(1, done));
  for (const stream of Object.keys(STREAMS)) if (!GROWS_BY_DESIGN.has(stream)) seen[`messages in ${stream}`] = (await bus.streamState(stream)).messages;
  return seen;
}

function judge(samples) {
  return Object.keys(samples[0]).filter((name) => name !== 'done' && name !== 'atMs').map((name) => {
    const [, bar = OTHER_BAR] = Object.entries(BARS).find(([kind]) => name.endsWith(` ${kind}`) || name.startsWith(kind)) ?? [];
    return { name, verdict: judgeGrowth(samples.map((sample) => ({ atMs: sample.atMs, value: sample[name] })), bar) };
  });
}

const describe = (sample) => SERVICES.map((service) => `${service} ${sample[`${service} MiB`]} MiB`).join(', ');
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
