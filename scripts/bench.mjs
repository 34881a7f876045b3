/**
 * npm run bench -- [engine|growth|takeover|executor|model|safeguards|scale]: measures and says so; exit 0 whatever the figures are.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { prepare } from '../bin/prepare.mjs';
import { root } from './stages.mjs';

const say = (line) => console.error(line);
const [name = 'engine', ...rest] = process.argv.slice(2);
await prepare(root, say, { build: true });
const { BENCHMARKS } = await import('../bench/index.mjs');
const benchmark = BENCHMARKS[name];
if (!benchmark) {
  console.error(`There is no benchmark ${name}; there are ${Object.keys(BENCHMARKS).join(', ')}.`);
  process.exit(2);
}
const startedAt = new Date();
const result = { benchmark: name, at: startedAt.toISOString(), node: process.version, cores: os.cpus().length, load: os.loadavg()[0], ...(await benchmark.run({ say, arguments: rest })) };
const folder = path.join(root, 'bench/results');
mkdirSync(folder, { recursive: true });
const file = path.join(folder, `${name}-${startedAt.toISOString().replaceAll(/[:.]/g, '-')}.json`);
writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
console.log(benchmark.show(result));
say(`kept in ${path.relative(root, file)}`);
process.exit(0);
