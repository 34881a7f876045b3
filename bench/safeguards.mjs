import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { closedLoop } from './measure.mjs';
import { startOurs } from './ours.mjs';

const COUNT = 1_200;
const PRELOAD = fileURLToPath(new URL('without.mjs', import.meta.url));
const without = (safeguard) => ({ preload: PRELOAD, environment: { BENCH_WITHOUT: safeguard } });

/** What each safeguard costs: the same load with one of them taken out, which only a preload of this folder can do. */
const ROWS = [
  { name: 'as it ships', options: {} },
  { name: 'without traces', options: { environment: { OTEL_TRACES_SAMPLER: 'always_off' } } },
  { name: 'without the journal', options: without('journal') },
  { name: 'without the audit log', options: without('audit') },
  { name: 'without the claim', options: without('claim') },
  { name: 'without fsync', options: {}, fsync: 'no' },
];

export async function safeguards({ say }) {
  const rows = [];
  for (const { name, options, fsync } of ROWS) {
    const ours = await startOurs({ handler: true, ...options });
    try {
      if (fsync) spawnSync('redis-cli', ['-p', String(ours.stack.servers.redis.port), 'config', 'set', 'appendfsync', fsync]);
      await closedLoop(() => ours.runOne(), { count: 200, concurrency: 16, mostSeconds: 10 });
      const one = await closedLoop(() => ours.runOne(), { count: 100, concurrency: 1, mostSeconds: 6 });
      const before = ours.cpuMs();
      const many = await closedLoop(() => ours.runOne(), { count: COUNT, concurrency: 64, mostSeconds: 10 });
      const after = ours.cpuMs();
      const cpuUs = Object.fromEntries(Object.entries(after).map(([part, ms]) => [part, Math.round(((ms - before[part]) * 1_000) / many.count)]));
      rows.push({ name, perSecond: many.perSecond, p50Alone: one.p50, p50InFlight: many.p50, cpuUs });
      say(`${name.padEnd(24)} ${String(many.perSecond).padStart(8)} workflows/s   p50 ${one.p50} ms alone   CPU ${Object.entries(cpuUs).map(([part, us]) => `${part} ${us}`).join(', ')} µs`);
    } finally {
      await ours.stop();
    }
  }
  return { rows };
}
