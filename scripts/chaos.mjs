/**
 * npm run chaos [-- --minutes N --seed N --no-brokers]: kill -9 of services and brokers under load; then every invariant
 * is checked. Exit 1 when one does not hold. The seed is printed; the same seed kills in the same order.
 */
import { prepare } from '../bin/prepare.mjs';
import { root } from './stages.mjs';

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const seconds = Math.round(option('minutes', 1) * 60);
const seed = option('seed', Date.now() % 1_000_000);
const say = (line) => console.error(line);

await prepare(root, say);
const { runChaos } = await import('@trivet/e2e');
say(`chaos for ${seconds} s, seed ${seed}`);
const report = await runChaos({ seconds, seed, say, brokers: !process.argv.includes('--no-brokers') });
for (const violation of report.violations) console.log(`VIOLATED: ${violation}`);
console.log(`${report.completed} of ${report.accepted} workflows completed; ${report.violations.length} violations; seed ${seed}`);
process.exit(report.violations.length === 0 ? 0 : 1);
