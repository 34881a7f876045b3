/**
 * npm run verify [-- --full]: everything that must hold before a change is merged, stage by stage with its time. A
 * failed stage does not hide the later ones. Exit 1 on any failure; the last line counts the tests.
 */
import { prepare } from '../bin/prepare.mjs';
import { program, root, runAndRead, runTarget, runThrough, stage } from './stages.mjs';

const full = process.argv.includes('--full');
await prepare(root, (line) => console.error(line), { build: false });
const { add, formatCounts, NOTHING, runOnShape, runQuickTests } = await import('./jest-run.mjs');

let counts = NOTHING;
const quickTests = async () => {
  const result = await runQuickTests([]);
  counts = add(counts, result);
  return result.failed > 0 ? 1 : 0;
};
/** The README's command as it stands there; its last line is the count, and those before it name what failed. */
const allTests = async () => {
  const { code, lastLines } = await runAndRead('npm', ['test', '--silent']);
  const [passed, failed, skipped] = (/^Tests: (\d+) passed, (\d+) failed, (\d+) skipped$/.exec(lastLines.at(-1))?.slice(1) ?? [0, 1, 0]).map(Number);
  const failures = lastLines.flatMap((line) => /^FAILED: (.*)$/.exec(line)?.[1] ?? []);
  counts = add(counts, { passed, failed, skipped, failures });
  return failed > 0 ? 1 : code;
};
/** Some of what `npm test` ran with a process for each tier, on the other shapes: every kind of step, an end by request. `npm test -- --shape` runs the rest. */
const SHORT = { one: ['src/kinds'], scaled: ['src/cancel'] };
const onShape = (shape) => async () => {
  const result = await runOnShape(shape, SHORT[shape]);
  counts = add(counts, result);
  return result.failed > 0 ? 1 : 0;
};
const node = (script, ...args) => () => runThrough(process.execPath, [script, ...args]);

const stages = [
  ['format', node('scripts/format.mjs')],
  ['lint', () => runThrough(program('oxlint'), ['--quiet'])],
  ['boundaries', node('scripts/boundaries.mjs')],
  ['build', () => runTarget('build')],
  ['types of tests', node('scripts/test-types.mjs')],
  ['types of tools', async () => (await runThrough(program('tsc'), ['-p', 'apps/executor/plugins'])) || runThrough(program('tsc'), ['-p', 'examples/tools'])],
  ['plugins', () => runTarget('plugins')],
  ['generated files', node('scripts/generated.mjs')],
  ...(full ? [['npm test', allTests], ['on one process', onShape('one')], ['several of each tier', onShape('scaled')], ['chaos', node('scripts/chaos.mjs', '--minutes', '1')]] : [['tests', quickTests]]),
];

const results = [];
for (const [name, work] of stages) results.push(await stage(name, work));

console.log('');
for (const { name, passed, seconds } of results) console.log(`${passed ? 'passed' : 'FAILED'}  ${seconds.padStart(6)} s  ${name}`);
console.log(formatCounts(counts));
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;
