import { busyShare, median, openLoop, round, closedLoop } from './measure.mjs';
import { PLAN, SMALLEST_TOOL_PLAN, startOurs } from './ours.mjs';
import { installPeers, startBullmq, startDbos, startRestate } from './peers.mjs';

/** The same work for all: a durable workflow of three no-op steps, each recorded before the next begins, all with fsync. */
const ROWS = [
  { name: 'Trivet, handler', start: () => ours({ handler: true }), count: 3_000 },
  { name: 'Trivet, tool in the sandbox', start: () => ours({}, SMALLEST_TOOL_PLAN), count: 1_500 },
  { name: 'Trivet, JavaScript tool in the sandbox', start: () => ours({}), count: 800 },
  { name: 'BullMQ chain', start: () => startBullmq('chain'), count: 6_000 },
  { name: 'BullMQ flow', start: () => startBullmq('flow'), count: 6_000 },
  { name: 'Restate, inline', start: () => startRestate('inline'), count: 4_000 },
  { name: 'Restate, remote steps', start: () => startRestate('remote'), count: 3_000 },
  { name: 'DBOS', start: startDbos, count: 3_000 },
];
const IN_FLIGHT = 64;
const SETTINGS = 'Redis appendfsync always; Restate and PostgreSQL with fsync on; one machine for all, driver included';

/** @returns rows of medians over the repetitions, run one after the other in turns */
export async function engine({ say, repetitions = 2 }) {
  installPeers(say);
  const measured = new Map(ROWS.map((row) => [row.name, []]));
  for (let repetition = 1; repetition <= repetitions; repetition += 1) {
    for (const row of ROWS) {
      const figures = await measure(row).catch((error) => ({ error: error.message.split('\n')[0] }));
      measured.get(row.name).push(figures);
      say(`${repetition}/${repetitions}  ${row.name.padEnd(28)} ${figures.error ?? `${String(figures.perSecond).padStart(8)} workflows/s   p50 ${figures.one.p50} ms alone, ${figures.many.p50} ms of ${IN_FLIGHT}   CPU ${figures.cpuUs} µs a workflow`}`);
    }
  }
  const rows = [...measured].map(([name, all]) => summary(name, all));
  const open = await openLoopOfOurs().catch((error) => ({ error: error.message }));
  return { settings: SETTINGS, inFlight: IN_FLIGHT, rows, ratios: ratios(rows), openLoop: open };
}

async function measure({ start, count }) {
  const subject = await start();
  try {
    await subject.run({ count: 2_000, concurrency: IN_FLIGHT, mostSeconds: 10 });
    const one = await subject.run({ count: 200, concurrency: 1, mostSeconds: 6 });
    const [busy, cpu] = [busyShare(), subject.cpuMs()];
    const many = await subject.run({ count, concurrency: IN_FLIGHT, mostSeconds: 8 });
    return { perSecond: many.perSecond, one, many, cpuUs: Math.round(((subject.cpuMs() - cpu) * 1_000) / many.count), busy: busy(), parts: subject.parts?.() };
  } finally {
    await subject.stop();
  }
}

async function ours(options, plan = PLAN) {
  const started = await startOurs(options);
  return {
    run: (order) => closedLoop(() => started.runOne(plan), order),
    cpuMs: () => Object.values(started.cpuMs()).reduce((sum, each) => sum + each, 0),
    stop: started.stop,
  };
}

async function openLoopOfOurs() {
  const started = await startOurs({ handler: true });
  try {
    await closedLoop(() => started.runOne(), { count: 2_000, concurrency: IN_FLIGHT, mostSeconds: 10 });
    const results = [];
    for (const perSecond of [20, 50, 100]) results.push(await openLoop(() => started.runOne(), { perSecond, seconds: 6 }));
    const http = await closedLoop(() => started.runOneOverHttp(), { count: 150, concurrency: 1 });
    return { overBus: results, overHttpAlone: http };
  } finally {
    await started.stop();
  }
}

function summary(name, all) {
  const good = all.filter((figures) => !figures.error);
  if (good.length === 0) return { name, error: all[0]?.error };
  const of = (read) => round(median(good.map(read)));
  const latency = (read) => Object.fromEntries(['p50', 'p90', 'p99', 'max'].map((key) => [key, of((figures) => read(figures)[key])]));
  return { name, perSecond: of((figures) => figures.perSecond), alone: latency((figures) => figures.one), inFlight: latency((figures) => figures.many), cpuUs: of((figures) => figures.cpuUs), repetitions: good.map((figures) => figures.perSecond) };
}

function ratios(rows) {
  const own = rows[0];
  return Object.fromEntries(rows.slice(1).filter((row) => row.perSecond).map((row) => [row.name, { throughput: round(own.perSecond / row.perSecond), latencyAlone: round(own.alone.p50 / row.alone.p50) }]));
}
