import { round } from '../measure.mjs';
import { startOurs } from '../ours.mjs';
import { redisMib, residentMib } from './memory.mjs';

const LANES = 64;

/** Many workflows in flight at once on one orchestrator, each waiting for the same moment; then all of them go on. */
export async function inFlight({ say, count }) {
  const ours = await startOurs({ handler: true });
  const { stack } = ours;
  const [{ pid }] = stack.processes('orchestrator');
  try {
    for (let warm = 0; warm < 500; warm += 1) await ours.runOne();
    const before = { resident: residentMib(pid), redis: await redisMib(stack.servers.redis.url) };
    // Long enough for all to begin.
    const until = new Date(Date.now() + Math.max(20_000, count * 5)).toISOString();
    const plan = { steps: [{ id: 'nap', kind: 'wait', input: { until } }, { id: 'last', kind: 'tool', tool: 'calculator', input: { expression: '1' }, dependsOn: ['nap'] }] };
    const startedAt = performance.now();
    const ends = [];
    let begun = 0;
    await Promise.all(Array.from({ length: LANES }, async () => {
      while (begun < count) {
        begun += 1;
        ends.push(ours.begin(plan));
        await ends.at(-1).accepted;
      }
    }));
    const acceptedIn = performance.now() - startedAt;
    const full = { resident: residentMib(pid), redis: await redisMib(stack.servers.redis.url) };
    say(`${count} in flight: accepted in ${round(acceptedIn / 1_000)} s, orchestrator ${full.resident} MiB (${before.resident} before)`);
    const inTime = Date.parse(until) - Date.now();
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, inTime)));
    const wokenAt = performance.now();
    await Promise.all(ends.map(({ ended }) => ended));
    const wokenIn = performance.now() - wokenAt;
    say(`all woke at once and ended in ${round(wokenIn / 1_000)} s`);
    return {
      count, acceptedPerSecond: round(count / (acceptedIn / 1_000)), allBegunBefore: inTime > 0, endedPerSecond: round(count / (wokenIn / 1_000)),
      orchestratorMib: { before: before.resident, full: full.resident, after: residentMib(pid) },
      orchestratorKibEach: round(((full.resident - before.resident) * 1_024) / count),
      redisKibEach: round(((full.redis - before.redis) * 1_024) / count),
    };
  } finally {
    await ours.stop();
  }
}
