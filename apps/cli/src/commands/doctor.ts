import { EXIT } from '../exit-codes.js';
import { cacheDir } from '../launcher/project-paths.js';
import { examine } from '../doctor/examine.js';
import type { Registry } from '../program.js';

/** doctor: silent and exit 0 when all is well; else one line a problem, with what mends it, and exit 1. */
export function registerDoctor({ program, action }: Registry): void {
  program.command('doctor').option('--offline', 'nothing can be fetched: what is missing is a problem').option('--verbose', 'also say what was found')
    .description('say what is missing on this machine and how to mend it; silent when all is well')
    .action(action(async ({ config, environment, print, note }, _positional, options) => {
      const { problems, found } = await examine({ config, environment, cacheDir, nodeVersion: process.versions.node, offline: options['offline'] === true });
      if (options['verbose'] === true) found.forEach(note);
      if (print.format !== 'table') print.list(problems, []);
      for (const { what, mend } of problems) print.text(`${what} Mend: ${mend}`);
      return problems.length === 0 ? EXIT.ok : EXIT.failed;
    }));
}
