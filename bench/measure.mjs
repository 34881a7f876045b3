import { readFileSync, readdirSync } from 'node:fs';

const JIFFY_MS = 10;

/** The value below which this share of sorted values lies. */
export const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? NaN;

export function latencies(values) {
  const sorted = [...values].sort((left, right) => left - right);
  const [p50, p90, p99] = [0.5, 0.9, 0.99].map((share) => round(percentile(sorted, share)));
  return { count: sorted.length, p50, p90, p99, max: round(sorted.at(-1) ?? NaN) };
}

/** `concurrency` loops, each beginning the next workflow when its last has ended. */
export async function closedLoop(runOne, { count, concurrency, mostSeconds = 40 }) {
  const took = [];
  let begun = 0;
  const startedAt = performance.now();
  const deadline = startedAt + mostSeconds * 1_000;
  await Promise.all(Array.from({ length: concurrency }, async () => {
    while (begun < count && performance.now() < deadline) {
      begun += 1;
      const at = performance.now();
      await runOne();
      took.push(performance.now() - at);
    }
  }));
  return { perSecond: round(took.length / ((performance.now() - startedAt) / 1_000)), ...latencies(took) };
}

/** Begins workflows at a fixed rate whether or not earlier ones have ended: a slow system is not asked less often. */
export async function openLoop(runOne, { perSecond, seconds }) {
  const took = [];
  const running = [];
  const startedAt = performance.now();
  for (let n = 0; n < perSecond * seconds; n += 1) {
    const due = startedAt + (n * 1_000) / perSecond;
    const early = due - performance.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    running.push(runOne().then(() => took.push(performance.now() - due)));
  }
  await Promise.all(running);
  return { askedPerSecond: perSecond, ...latencies(took) };
}

/** CPU time of a process and all below it, in ms. */
export function cpuMsOf(pid) {
  const table = new Map();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const fields = readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ').at(-1).split(' ');
      table.set(Number(entry), { parent: Number(fields[1]), ms: fields.slice(11, 15).reduce((sum, each) => sum + Number(each), 0) * JIFFY_MS });
    } catch {
      // It ended while we looked.
    }
  }
  const wanted = new Set([pid]);
  for (let grew = true; grew; ) {
    grew = false;
    for (const [each, { parent }] of table) if (wanted.has(parent) && !wanted.has(each)) grew = Boolean(wanted.add(each));
  }
  return [...wanted].reduce((sum, each) => sum + (table.get(each)?.ms ?? 0), 0);
}

/** How busy the machine is with everything, 0 to 1, over a stretch of time. */
export function busyShare() {
  const read = () => {
    const [user, nice, system, idle, wait, irq, soft] = readFileSync('/proc/stat', 'utf8').split('\n')[0].trim().split(/\s+/).slice(1).map(Number);
    return { busy: user + nice + system + irq + soft, all: user + nice + system + idle + wait + irq + soft };
  };
  const before = read();
  return () => {
    const after = read();
    return round((after.busy - before.busy) / Math.max(1, after.all - before.all));
  };
}

export const round = (value) => Math.round(value * 100) / 100;
export const median = (values) => percentile([...values].sort((left, right) => left - right), 0.5);

/** Least squares of y over x: the slope, and how far the points lie from the line (standard deviation). */
export function fitLine(points) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const noise = Math.sqrt(mean(points.map(([x, y]) => (y - meanY - slope * (x - meanX)) ** 2)));
  return { slope, noise, mean: meanY };
}
