import { fitLine, median, round } from './measure.mjs';
import { startOurs } from './ours.mjs';

const STEPS = [3, 30, 300, 3_000];
const STORED = [100, 1_000, 10_000, 100_000];
const SMALL = process.env.TRIVET_BENCH_SMALL === '1';

/** What a step costs as workflows get longer, and what a workflow costs as more of them are stored. */
export async function growth({ say }) {
  const ours = await startOurs({ handler: true });
  try {
    for (let warm = 0; warm < 30; warm += 1) await ours.runOne();
    return { steps: await overSteps(ours, say), stored: await overStored(ours, say) };
  } finally {
    await ours.stop();
  }
}

const chainOf = (count) => ({ steps: Array.from({ length: count }, (_, index) => ({ id: `s${index}`, kind: 'tool', tool: 'calculator', input: { expression: '1' }, ...(index > 0 ? { dependsOn: [`s${index - 1}`] } : {}) })) });

async function overSteps(ours, say) {
  const rows = [];
  for (const count of STEPS) {
    const repetitions = count >= 3_000 ? 2 : count >= 300 ? 4 : 8;
    const took = [];
    const cpu = total(ours.cpuMs());
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      const startedAt = performance.now();
      await ours.runOne(chainOf(count));
      took.push((performance.now() - startedAt) / count);
    }
    const row = { steps: count, msAStep: round(median(took)), all: took.map(round), cpuUsAStep: Math.round(((total(ours.cpuMs()) - cpu) * 1_000) / (count * repetitions)) };
    rows.push(row);
    say(`${String(count).padStart(6)} steps   ${row.msAStep} ms a step   CPU ${row.cpuUsAStep} µs a step`);
  }
  return { rows, fit: fit(rows.flatMap((row) => row.all.map((ms) => [Math.log10(row.steps), ms]))) };
}

async function overStored(ours, say) {
  const rows = [];
  let stored = 0;
  const one = { steps: [{ id: 's', kind: 'wait', input: { ms: 0 } }] };
  for (const wanted of SMALL ? STORED.slice(0, 3) : STORED) {
    const deadline = performance.now() + 150_000;
    await Promise.all(Array.from({ length: 64 }, async () => {
      while (stored < wanted && performance.now() < deadline) {
        stored += 1;
        await ours.runOne(one);
      }
    }));
    const took = [];
    for (let repetition = 0; repetition < 60; repetition += 1) {
      const startedAt = performance.now();
      await ours.runOne();
      took.push(performance.now() - startedAt);
    }
    rows.push({ stored, p50Ms: round(median(took)), all: took.map(round) });
    say(`${String(stored).padStart(6)} stored   p50 ${rows.at(-1).p50Ms} ms a three-step workflow`);
  }
  return { rows, fit: fit(rows.flatMap((row) => row.all.map((ms) => [Math.log10(row.stored), ms]))) };
}

/** Flat when the slope over a tenfold growth lies within the noise of single runs. */
function fit(points) {
  const { slope, noise, mean } = fitLine(points);
  return { msMorePerTenfold: round(slope), noiseMs: round(noise), meanMs: round(mean), flat: slope <= noise };
}

const total = (figures) => Object.values(figures).reduce((sum, each) => sum + each, 0);
