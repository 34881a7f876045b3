/**
 * npm test [-- <jest patterns>] [--quick] [--shape one|split|scaled]: unit, integration and hostile tests from the sources,
 * then the whole-system tests (*.e2e.ts) against a build; --quick leaves the latter out, --shape runs nothing but those of
 * the system, in that shape. The last line counts them.
 */
import { prepare } from '../bin/prepare.mjs';

const args = process.argv.slice(2);
const quick = args.includes('--quick');
const shapeAt = args.indexOf('--shape');
const shape = shapeAt === -1 ? undefined : args[shapeAt + 1];
if (shapeAt !== -1 && !['one', 'split', 'scaled'].includes(shape)) {
  console.error(`--shape is '${shape ?? ''}', and must be one, split or scaled.`);
  process.exit(2);
}
const patterns = args.filter((arg, index) => arg !== '--quick' && (shapeAt === -1 || (index !== shapeAt && index !== shapeAt + 1)));

// Installing is all that the imports below need; building is needed by the tests of whole processes and of the sandbox.
const { root } = await import('./stages.mjs');
await prepare(root, (line) => console.error(line));
const { add, formatCounts, runOnShape, runQuickTests, runSystemTests } = await import('./jest-run.mjs');

let counts = shape ? await runOnShape(shape, patterns) : await runQuickTests(patterns);
if (!quick && !shape) counts = add(counts, await runSystemTests(patterns));
console.log(formatCounts(counts));
process.exitCode = counts.failed > 0 ? 1 : 0;
