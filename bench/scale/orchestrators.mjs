import { closedLoop, cpuMsOf, round } from '../measure.mjs';
import { PLAN, startOurs } from '../ours.mjs';

const COUNT = 1_500;
/** For each orchestrator: what goes together in a commit depends on it. */
const IN_FLIGHT = 64;

/** How several orchestrators divide the work of workflows of three steps, and what a workflow costs each part. */
export async function overOrchestrators({ say, counts }) {
  const rows = [];
  for (const count of counts) {
    const ours = await startOurs({ handler: true, replicas: { orchestrator: count } });
    try {
      const run = (workflows) => closedLoop(() => ours.runOne(PLAN), { count: workflows, concurrency: IN_FLIGHT * count, mostSeconds: 15 });
      await run(500 * count);
      const processes = ours.stack.processes('orchestrator');
      const before = { parts: ours.cpuMs(), each: processes.map(({ pid }) => cpuMsOf(pid)) };
      const { perSecond, count: done } = await run(COUNT);
      const after = { parts: ours.cpuMs(), each: processes.map(({ pid }) => cpuMsOf(pid)) };
      const used = after.each.map((ms, index) => ms - before.each[index]);
      const cpuUs = Object.fromEntries(Object.entries(after.parts).map(([part, ms]) => [part, Math.round(((ms - before.parts[part]) * 1_000) / done)]));
      const shares = used.map((ms) => round(ms / used.reduce((sum, each) => sum + each, 0)));
      say(`${count} orchestrators  ${perSecond} workflows/s   shares ${shares.join(', ')}`);
      rows.push({ count, perSecond, shares, cpuUs });
    } finally {
      await ours.stop();
    }
  }
  return { inFlight: IN_FLIGHT, rows };
}
