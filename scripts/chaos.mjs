/**
 * npm run chaos [-- --minutes N --seed N --faults a,b,c --without <safeguard>]: kill -9, hangs, lost stores, slow disks
 * and bad networks under load; then every invariant is checked. Exit 1 when one does not hold. The seed is printed; the same seed
 * has the same faults at the same times. With --without, one safeguard is taken out of the services as they are loaded,
 * and the run is expected to fail: exit 0 when it does.
 */
import { prepare } from '../bin/prepare.mjs';
import { root } from './stages.mjs';

const EXIT_USAGE = 2;
const OPTIONS = ['minutes', 'seed', 'faults', 'without'];
const say = (line) => console.error(line);

function readOptions(args) {
  const given = {};
  for (let index = 0; index < args.length; index += 2) {
    const name = args[index].replace(/^--/, '');
    const value = args[index + 1];
    if (!OPTIONS.includes(name) || value === undefined) throw new RangeError(`'${args[index]}' is not one of ${OPTIONS.map((option) => `--${option} …`).join(', ')}`);
    given[name] = value;
  }
  const number = (name) => {
    if (given[name] === undefined) return undefined;
    if (!(Number(given[name]) >= 0)) throw new RangeError(`--${name} is '${given[name]}', and must be a number`);
    return Number(given[name]);
  };
  return { minutes: number('minutes'), seed: number('seed') ?? Date.now() % 1_000_000, faults: given.faults?.split(','), without: given.without };
}

async function main() {
  const { minutes, seed, faults, without } = readOptions(process.argv.slice(2));
  await prepare(root, say);
  const { SAFEGUARDS, formatReport, hasPassed, runChaos } = await import('@trivet/e2e');
  const safeguard = SAFEGUARDS.find(({ name }) => name === without);
  if (without !== undefined && !safeguard) throw new RangeError(`There is no safeguard '${without}'; there are ${SAFEGUARDS.map(({ name }) => name).join(', ')}`);
  const seconds = minutes === undefined ? (safeguard?.seconds ?? 60) : Math.round(minutes * 60);
  say(`chaos for ${seconds} s, seed ${seed}${safeguard ? `, without this safeguard: ${safeguard.what}` : ''}`);
  const report = await runChaos({ seconds, seed, say, ...(faults ? { faults } : {}), ...(without ? { without } : {}) });
  for (const line of formatReport(report)) console.log(line);
  const passed = hasPassed(report);
  if (!passed && !safeguard) console.log(`\nAgain: npm run chaos -- --minutes ${minutes ?? 1} --seed ${seed}${faults ? ` --faults ${faults.join(',')}` : ''}`);
  if (safeguard) console.log(passed ? `\nNot noticed that ${without} was gone; seed ${seed}` : `\nNoticed that ${without} was gone, as it has to be; seed ${seed}`);
  else console.log(`${report.evidence.filter(({ workflow }) => workflow?.status === 'completed').length} workflows completed; ${report.violations.length + report.mishaps.length} violations; seed ${seed}`);
  return passed === (safeguard === undefined) ? 0 : 1;
}

try {
  process.exit(await main());
} catch (error) {
  say(error instanceof RangeError ? error.message : String(error?.stack ?? error));
  process.exit(error instanceof RangeError ? EXIT_USAGE : 1);
}
