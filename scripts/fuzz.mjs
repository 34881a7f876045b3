/**
 * npm run fuzz [-- --cases N --seed N --part modules|frames|pipe|inputs --path P]: hostile modules, frames and inputs against the
 * real sandbox, 100,000 of them by default. The seed is printed; the same seed has the same cases. A failing case
 * prints the command that repeats it alone. Exit 1 when one fails.
 */
import { prepare } from '../bin/prepare.mjs';
import { program, root, runThrough } from './stages.mjs';

const EXIT_USAGE = 2;
const PARTS = ['modules', 'frames', 'pipe', 'inputs'];
const OPTIONS = ['cases', 'seed', 'part', 'path'];

function readOptions(args) {
  const given = { cases: '100000', seed: String(Date.now() % 1_000_000) };
  for (let index = 0; index < args.length; index += 2) {
    const name = args[index].replace(/^--/, '');
    const value = args[index + 1];
    if (!OPTIONS.includes(name) || value === undefined) throw new RangeError(`'${args[index]}' is not one of ${OPTIONS.map((option) => `--${option} …`).join(', ')}`);
    given[name] = value;
  }
  for (const name of ['cases', 'seed']) if (!/^\d{1,9}$/.test(given[name])) throw new RangeError(`--${name} is '${given[name]}', and must be a whole number of at most nine digits`);
  if (given.part !== undefined && !PARTS.includes(given.part)) throw new RangeError(`--part is '${given.part}'; there are ${PARTS.join(', ')}`);
  if (given.path !== undefined && given.part === undefined) throw new RangeError('--path belongs to one part: say which with --part');
  return given;
}

async function main() {
  const { cases, seed, part, path } = readOptions(process.argv.slice(2));
  await prepare(root, (line) => console.error(line));
  console.log(`fuzzing with ${cases} cases, seed ${seed}`);
  const environment = { FUZZ_CASES: cases, FUZZ_SEED: seed, ...(path === undefined ? {} : { FUZZ_PATH: path }), NODE_OPTIONS: '--experimental-vm-modules --no-warnings' };
  const patterns = [`apps/executor/hostile/fuzz/${part ?? ''}`];
  const code = await runThrough(process.execPath, [program('jest'), '--runInBand', '--forceExit', '--testPathPatterns', ...patterns], environment);
  console.log(`${code === 0 ? 'nothing found' : 'FOUND SOMETHING; each failure above says how to repeat it'}; seed ${seed}`);
  return code === 0 ? 0 : 1;
}

try {
  process.exit(await main());
} catch (error) {
  console.error(error instanceof RangeError ? error.message : String(error?.stack ?? error));
  process.exit(error instanceof RangeError ? EXIT_USAGE : 1);
}
