/**
 * npm test [-- <jest patterns>] [--full]: unit, integration and hostile tests from the sources; with --full also the
 * whole-system tests (*.e2e.ts) against a build. The last line counts them.
 */
import { prepare } from '../bin/prepare.mjs';

const args = process.argv.slice(2);
const full = args.includes('--full');
const patterns = args.filter((arg) => arg !== '--full');
const say = (line) => console.error(line);

// Installing is all that the imports below need; building is needed only by the tests of whole processes.
const { root, runTarget } = await import('./stages.mjs');
await prepare(root, say, { build: full });
const { add, formatCounts, NOTHING, runJest } = await import('./jest-run.mjs');

let counts = NOTHING;
if (!full && (await runTarget('plugins')) !== 0) counts = add(counts, { ...NOTHING, failed: 1 });
counts = add(counts, await runJest(patterns));
if (full) counts = add(counts, await runJest(['--testMatch', '<rootDir>/apps/**/*.e2e.ts', '--runInBand', '--testTimeout', '180000', '--passWithNoTests', ...patterns]));
console.log(formatCounts(counts));
process.exitCode = counts.failed > 0 ? 1 : 0;
