/**
 * npm run soak -- [--minutes 30]: the system at a steady load. Memory of each service, its open files, keys and memory of Redis, and
 * what waits in the streams must be flat over the second half; the journal may grow by its workflows. Exit 1 when something grows.
 */
import { prepare } from '../bin/prepare.mjs';
import { root } from './stages.mjs';

const at = process.argv.indexOf('--minutes');
const minutes = at === -1 ? 30 : Number(process.argv[at + 1]);
if (!(minutes >= 1 && minutes <= 600)) {
  console.error(`--minutes is '${process.argv[at + 1] ?? ''}', and must be 1 to 600.`);
  process.exit(2);
}
await prepare(root, (line) => console.error(line), { build: true });
const { soak, showSoak } = await import('../bench/soak.mjs');
const result = await soak({ minutes, say: (line) => console.error(line) });
console.log(showSoak(result));
process.exit(result.rows.some(({ isFlat }) => !isFlat) ? 1 : 0);
