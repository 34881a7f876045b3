/**
 * npm run simulate [-- --seed N --seeds N --trace]: the whole engine on a simulated bus, ledger and clock, everything going
 * wrong that may; every invariant is checked after every step. The same seed gives the same run. Exit 1 when one does
 * not hold; the seed is printed.
 */
import { prepare } from '../bin/prepare.mjs';
import { root } from './stages.mjs';

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const first = option('seed', 1);
const seeds = option('seeds', process.argv.includes('--seed') ? 1 : 2_000);
const onTrace = process.argv.includes('--trace') ? (line) => console.log(line) : undefined;

await prepare(root, (line) => console.error(line));
const { simulate } = await import('../apps/orchestrator/dist/simulation/simulate.js');
const total = { violated: 0, workflows: 0, events: 0, steps: 0, crashes: 0 };
const start = performance.now();
for (let seed = first; seed < first + seeds; seed += 1) {
  const report = await simulate({ seed, ...(onTrace ? { onTrace } : {}) });
  for (const name of ['workflows', 'events', 'steps', 'crashes']) total[name] += report[name];
  if (report.violation === null) continue;
  total.violated += 1;
  console.log(`seed ${seed}: ${report.violation}\n  npm run simulate -- --seed ${seed} --trace`);
}
console.log(`${seeds} seeds from ${first} in ${((performance.now() - start) / 1_000).toFixed(1)} s: ${total.workflows} workflows, ${total.events} events, ${total.steps} steps, ${total.crashes} crashes; ${total.violated} seeds with a violation`);
process.exit(total.violated === 0 ? 0 : 1);
