/**
 * npm test [-- <jest patterns>] [--quick]: unit, integration and hostile tests from the sources, then the whole-system
 * tests (*.e2e.ts) against a build; --quick leaves the latter out. The last line counts them.
 */
import { prepare } from '../bin/prepare.mjs';

const args = process.argv.slice(2);
const quick = args.includes('--quick');
const patterns = args.filter((arg) => arg !== '--quick');

// Installing is all that the imports below need; building is needed by the tests of whole processes and of the sandbox.
const { root } = await import('./stages.mjs');
await prepare(root, (line) => console.error(line));
const { add, formatCounts, runJest, runQuickTests } = await import('./jest-run.mjs');

let counts = await runQuickTests(patterns);
if (!quick) counts = add(counts, await runJest(['--testMatch', '<rootDir>/apps/**/*.e2e.ts', '--runInBand', '--testTimeout', '180000', ...(patterns.length > 0 ? [...patterns, '--passWithNoTests'] : [])]));
console.log(formatCounts(counts));
process.exitCode = counts.failed > 0 ? 1 : 0;
