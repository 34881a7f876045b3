import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { program, runThrough } from './stages.mjs';

/** How many tests passed, failed and were skipped, and the names of those that failed. */
export const NOTHING = { passed: 0, failed: 0, skipped: 0, failures: [] };

/**
 * Runs jest over the sources (ESM needs the vm modules) and counts. A suite that could not even start, and a run that
 * died without a report, count as one failure each: silence is never a pass. What was skipped is named, with the reason
 * that stands in its name. What a test leaves open (jest says so) does not keep the run from ending.
 */
export async function runJest(args, environment = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'trivet-jest-'));
  const report = path.join(folder, 'report.json');
  const options = `${process.env.NODE_OPTIONS ?? ''} --experimental-vm-modules --no-warnings`.trim();
  try {
    const code = await runThrough(process.execPath, [program('jest'), '--json', `--outputFile=${report}`, '--forceExit', ...args], { NODE_OPTIONS: options, NX_DAEMON: 'false', ...environment });
    for (const name of namesIn(report, 'pending')) console.log(`skipped: ${name}`);
    return count(report, code);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Many of the quick tests wait for servers and timers: two at once use two cores better than one after the other. (jest leaves a core free.) */
const TOGETHER = '--maxWorkers=2';

const SIMULATION = 'apps/orchestrator/src/simulation/';

/**
 * All tests without whole processes, or those of some patterns. The simulation has a process to itself: it makes promises by the million, and
 * each gets dearer with every context of an earlier test that is still enabled (with 85 of them it had not ended after eleven minutes).
 */
export async function runQuickTests(patterns) {
  if (patterns.length > 0) return runJest([...patterns, '--passWithNoTests']);
  const ignored = ['/node_modules/', '/dist/', '/.trivet/', SIMULATION].map((path) => `--testPathIgnorePatterns=${path}`);
  return add(await runJest([SIMULATION]), await runJest([TOGETHER, ...ignored]));
}

/** Those that load the machine or watch the clock, and those of the command line, which take the ports a user would: each has the machine to itself. */
const ALONE = ['apps/cli/', '/browser/', ...['broker-loss', 'budget', 'cancel', 'failover', 'fairness', 'ledger-attack', 'neighbours', 'rebuild', 'rolling-restart', 'scaling', 'scripts', 'takeover'].map((name) => `/src/${name}\\.e2e`)];

/** All whole-system tests, or those of some patterns. */
export function runSystemTests(patterns) {
  return runWhole('apps', patterns);
}

/** Those of apps/e2e, or of some patterns, with the tiers lying on processes as the shape says. */
export function runOnShape(shape, patterns) {
  return runWhole('apps/e2e', patterns, { TRIVET_TEST_SHAPE: shape });
}

/** Most of them wait for processes to start and to be killed: two of these run at once. */
async function runWhole(folder, patterns, environment = {}) {
  const all = ['--testMatch', `<rootDir>/${folder}/**/*.e2e.ts`, '--testTimeout', '180000'];
  if (patterns.length > 0) return runJest([...all, '--runInBand', ...patterns, '--passWithNoTests'], environment);
  const others = ['/node_modules/', '/dist/', ...ALONE].map((path) => `--testPathIgnorePatterns=${path}`);
  return add(await runJest([...all, '--runInBand', ...ALONE], environment), await runJest([...all, TOGETHER, ...others], environment));
}

export function add(left, right) {
  return { passed: left.passed + right.passed, failed: left.failed + right.failed, skipped: left.skipped + right.skipped, failures: [...left.failures, ...right.failures] };
}

/** A line for each that failed, which may lie thousands of lines above, and the line that counts them. */
export function formatCounts({ passed, failed, skipped, failures }) {
  return [...failures.map((name) => `FAILED: ${name}`), `Tests: ${passed} passed, ${failed} failed, ${skipped} skipped`].join('\n');
}

/** The tests with a status, and for `failed` also the files that could not even start. */
function namesIn(report, wanted) {
  if (!fs.existsSync(report)) return [];
  const { testResults } = JSON.parse(fs.readFileSync(report, 'utf8'));
  return testResults.flatMap(({ name, status, assertionResults }) => {
    const named = assertionResults.filter((each) => each.status === wanted).map(({ fullName }) => `${path.basename(name)}: ${fullName}`);
    return named.length === 0 && wanted === 'failed' && status === 'failed' ? [`${path.basename(name)}: the file itself`] : named;
  });
}

function count(report, code) {
  if (!fs.existsSync(report)) return { ...NOTHING, failed: 1, failures: [`jest ended with ${code} and no report`] };
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numRuntimeErrorTestSuites } = JSON.parse(fs.readFileSync(report, 'utf8'));
  const counts = { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites, skipped: numPendingTests + numTodoTests, failures: namesIn(report, 'failed') };
  return counts.failed === 0 && code !== 0 ? { ...counts, failed: 1, failures: [`jest ended with ${code}, though no test failed`] } : counts;
}
