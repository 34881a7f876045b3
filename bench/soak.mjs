import { readdirSync } from 'node:fs';
import { SERVICES, STREAMS } from '@trivet/contracts';
import { fitLine, round } from './measure.mjs';
import { startOurs } from './ours.mjs';
import { redisKeys, redisMib, residentMib } from './scale/memory.mjs';

const LANES = 4;
const PAUSE_MS = 100;
/** Records of finished workflows leave Redis so soon, so that the steady state is reached within the first half. */
const KEEP_MS = 20_000;
/** What is kept for a time longer than any soak grows meanwhile; its retention is said in docs/operations.md. */
const GROWS_BY_DESIGN = new Set(['EVENTS', 'SPANS']);
/** What is left of a workflow when its record has gone: its id, so that it does not begin again, and its account. */
const KEPT_FOR_DAYS = /:tomb:|:counted:|^\{ledger\}/;
/** Growth over the second half that is taken for noise: this share of the mean. */
const NOISE_SHARE = 0.1;

const PLAN = {
  steps: [
    { id: 'sum', kind: 'tool', tool: 'calculator', input: { expression: '20 + 22' } },
    { id: 'each', kind: 'map', dependsOn: ['sum'], over: [1, 2, 3], step: { id: 'one', kind: 'tool', tool: 'calculator', input: { expression: '1 + 1' } } },
    { id: 'nap', kind: 'wait', dependsOn: ['each'], input: { ms: 50 } },
    { id: 'ask', kind: 'model', dependsOn: ['nap'], input: { messages: [{ role: 'user', content: 'Herons wade. They eat fish. They nest in trees.' }] } },
  ],
};

/** @returns of each thing that is watched its values over time and whether it is flat */
export async function soak({ minutes, say }) {
  const ours = await startOurs({ without: [], environment: { TRIVET_KEEP_FINISHED_MS: String(KEEP_MS) } });
  const samples = [];
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
      samples.push({ done, ...(await look(ours, done)) });
      if (samples.length % 10 === 0) say(`${Math.round((deadline - Date.now()) / 1_000)} s to go, ${done} workflows: ${describe(samples.at(-1))}`);
    }
    isOver = true;
    await lanes;
    return { minutes, workflows: done, rows: judge(samples) };
  } finally {
    await ours.stop();
  }
}

async function look({ stack, bus }, done) {
  const seen = {};
  for (const service of SERVICES) {
    const [{ pid }] = stack.processes(service);
    seen[`${service} MiB`] = residentMib(pid);
    seen[`${service} open files`] = readdirSync(`/proc/${pid}/fd`).length;
  }
  const [mib, names] = await Promise.all([redisMib(stack.servers.redis.url), redisKeys(stack.servers.redis.url)]);
  const kept = names.filter((name) => KEPT_FOR_DAYS.test(name)).length;
  seen['redis keys'] = names.length - kept;
  seen['kept keys a workflow'] = round(kept / done);
  seen['redis KiB a workflow'] = round((mib * 1_024) / done);
  for (const stream of Object.keys(STREAMS)) if (!GROWS_BY_DESIGN.has(stream)) seen[`messages in ${stream}`] = (await bus.streamState(stream)).messages;
  return seen;
}

function judge(samples) {
  const half = samples.slice(Math.floor(samples.length / 2));
  return Object.keys(half[0]).filter((name) => name !== 'done').map((name) => {
    const { slope, noise, mean } = fitLine(half.map((sample, index) => [index, sample[name]]));
    const grown = slope * (half.length - 1);
    return { name, mean: round(mean), grown: round(grown), noise: round(noise), isFlat: grown <= Math.max(NOISE_SHARE * mean, 2 * noise, name.startsWith('messages') ? 5 : 0) };
  });
}

export function showSoak({ minutes, workflows, rows }) {
  const lines = rows.map(({ name, mean, grown, noise, isFlat }) => `${isFlat ? 'flat ' : 'GROWS'}  ${name.padEnd(26)} mean ${String(mean).padStart(9)}   ${grown >= 0 ? '+' : ''}${grown} over the second half (noise ${noise})`);
  return [`${minutes} minutes, ${workflows} workflows`, ...lines].join('\n');
}

const describe = (sample) => SERVICES.map((service) => `${service} ${sample[`${service} MiB`]} MiB`).join(', ');
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
