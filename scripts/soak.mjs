/**
 * npm run soak -- [--minutes 30]: the system at a steady load. Memory of each service, its open files, keys and memory of Redis, and
 * what waits in the streams must be flat after the warm-up; the journal may grow by its workflows. Exit 1 when something grows. The
 * samples and their plot are kept in bench/results.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { prepare } from '../bin/prepare.mjs';
import { root } from './stages.mjs';

const at = process.argv.indexOf('--minutes');
const minutes = at === -1 ? 30 : Number(process.argv[at + 1]);
if (!(minutes >= 1 && minutes <= 600)) {
  console.error(`--minutes is '${process.argv[at + 1] ?? ''}', and must be 1 to 600.`);
  process.exit(2);
}
await prepare(root, (line) => console.error(line), { build: true });
const { soak } = await import('../bench/soak.mjs');
const { plotSoak, showSoak } = await import('../bench/soak/show.mjs');
const startedAt = new Date().toISOString();
const result = { benchmark: 'soak', at: startedAt, node: process.version, cores: os.cpus().length, load: os.loadavg()[0], ...(await soak({ minutes, say: (line) => console.error(line) })) };
console.log(showSoak(result));
keep(`soak-${startedAt.replaceAll(/[:.]/g, '-')}`);
process.exit(result.rows.some(({ verdict }) => verdict?.grows) ? 1 : 0);

function keep(name) {
  const folder = path.join(root, 'bench/results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(path.join(folder, `${name}.svg`), plotSoak(result));
  console.error(`kept in bench/results/${name}.json and .svg`);
}
