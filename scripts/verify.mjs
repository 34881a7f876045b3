/**
 * npm run verify [-- --full]: everything that must hold before a change is merged, stage by stage with its time. A
 * failed stage does not hide the later ones. Exit 1 on any failure; the last line counts the tests.
 */
import fs from 'node:fs';
import path from 'node:path';
import { prepare } from '../bin/prepare.mjs';
import { program, root, runTarget, runThrough, stage } from './stages.mjs';

const full = process.argv.includes('--full');
await prepare(root, (line) => console.error(line), { build: false });
const { add, formatCounts, NOTHING, runJest } = await import('./jest-run.mjs');

let counts = NOTHING;
const test = async (args) => {
  const result = await runJest(args);
  counts = add(counts, result);
  return result.failed > 0 ? 1 : 0;
};
const node = (script) => () => runThrough(process.execPath, [script]);

const stages = [
  ['format', node('scripts/format.mjs')],
  ['lint', () => runThrough(program('oxlint'), ['--quiet'])],
  ['boundaries', node('scripts/boundaries.mjs')],
  ['types', () => runThrough(program('tsc'), ['-b'])],
  ['types of tests', node('scripts/test-types.mjs')],
  ['plugins', () => runTarget('plugins')],
  ...(fs.existsSync(path.join(root, 'scripts', 'generate.mjs')) ? [['generated files', node('scripts/generated.mjs')]] : []),
  ['tests', () => test([])],
  ...(full ? [['build', () => runTarget('build')], ['whole system', () => test(['--testMatch', '<rootDir>/apps/**/*.e2e.ts', '--runInBand', '--testTimeout', '180000', '--passWithNoTests'])]] : []),
];

const results = [];
for (const [name, work] of stages) results.push(await stage(name, work));

console.log('');
for (const { name, passed, seconds } of results) console.log(`${passed ? 'passed' : 'FAILED'}  ${seconds.padStart(6)} s  ${name}`);
console.log(formatCounts(counts));
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;
