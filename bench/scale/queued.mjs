import { fitLine, round } from '../measure.mjs';
import { startOurs } from '../ours.mjs';
import { redisMib, residentMib } from './memory.mjs';

const LANES = 256;
const LOOK_MS = 2_000;
/** Finished workflows leave Redis so soon, so that what grows is what waits. */
const KEEP_MS = 10_000;

/** Many tasks that wait in the stream, drained by one orchestrator and one executor. */
export async function queued({ say, count }) {
  const ours = await startOurs({ handler: true, environment: { TRIVET_KEEP_FINISHED_MS: String(KEEP_MS) } });
  const { stack, bus } = ours;
  const plan = { steps: [{ id: 's', kind: 'tool', tool: 'calculator', input: { expression: '1' } }] };
  try {
    for (let warm = 0; warm < 300; warm += 1) await ours.runOne();
    let sent = 0;
    let ended = 0;
    const completions = bus.listen('trivet.v1.event.default.*.workflow.completed', () => void (ended += 1));
    const startedAt = performance.now();
    const publishing = Promise.all(Array.from({ length: LANES }, async () => {
      while (sent < count) {
        sent += 1;
        await bus.publish('trivet.v1.task.submit.default', { goal: 'queued', workflowId: `queued-${sent}`, plan });
      }
    }));
    const points = [];
    for (let before = -1; ended < count; before = ended) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      if (ended === before) throw new Error(`after ${ended} of ${count} tasks no more ended`);
      points.push({ atS: round((performance.now() - startedAt) / 1_000), sent, ended, orchestratorMib: residentMib(stack.processes('orchestrator')[0].pid), executorMib: residentMib(stack.processes('executor')[0].pid), redisMib: await redisMib(stack.servers.redis.url) });
      if (points.length % 10 === 0) say(`${ended} of ${count} ended, ${sent} sent; orchestrator ${points.at(-1).orchestratorMib} MiB`);
    }
    await publishing;
    completions.stop();
    const seconds = (performance.now() - startedAt) / 1_000;
    return { count, seconds: round(seconds), perSecond: round(count / seconds), points: thin(points), growth: Object.fromEntries(['orchestratorMib', 'executorMib', 'redisMib'].map((part) => [part, growthOf(points, part)])) };
  } finally {
    await ours.stop();
  }
}

/** Over the second half, when buffers have their size: MiB more for each thousand workflows. */
function growthOf(points, part) {
  const half = points.slice(Math.floor(points.length / 2));
  const { slope, noise, mean } = fitLine(half.map((point) => [point.ended / 1_000, point[part]]));
  return { mibAThousand: round(slope), noiseMib: round(noise), meanMib: round(mean) };
}

const thin = (points) => points.filter((_, index) => index % Math.ceil(points.length / 30) === 0 || index === points.length - 1);
