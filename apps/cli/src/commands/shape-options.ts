import { Option, type Command } from 'commander';
import { UsageError } from '../exit-codes.js';
import { DEFAULT_REPLICAS, SHAPES, type Layout, type Shape } from '../launcher/layout.js';
import { readWhole } from './numbers.js';

/** More would not come up on one machine. */
const MOST_REPLICAS = 64;

/** Adds the options that say how the tiers lie on processes. */
export const withShapeOptions = (command: Command): Command =>
  command
    .addOption(new Option('--shape <shape>', 'one: all three tiers in one process; split: a process each; scaled: several of each behind one address').choices([...SHAPES]).default('split'))
    .option('--orchestrators <n>', `how many orchestrators, with --shape scaled (default: ${DEFAULT_REPLICAS})`)
    .option('--executors <n>', `how many executors, with --shape scaled (default: ${DEFAULT_REPLICAS})`)
    .option('--models <n>', `how many model services, with --shape scaled (default: ${DEFAULT_REPLICAS})`);

/** @throws UsageError for a number that does not fit, or one beside a shape that takes none */
export function readLayout(options: Readonly<Record<string, unknown>>): Layout {
  const shape = SHAPES.find((each) => each === options['shape']) ?? 'split';
  const replicas = (option: string): number => {
    const given = readWhole(options[option], `--${option}`, { min: 1, max: MOST_REPLICAS });
    if (given !== undefined && shape !== 'scaled') throw needsScaled(option, given, shape);
    return given ?? (shape === 'scaled' ? DEFAULT_REPLICAS : 1);
  };
  return { shape, replicas: { orchestrator: replicas('orchestrators'), executor: replicas('executors'), model: replicas('models') } };
}

const needsScaled = (option: string, given: number, shape: Shape): UsageError => new UsageError(`--${option} ${given} goes with --shape scaled; the shape is ${shape}`);
