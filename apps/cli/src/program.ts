import { Command, CommanderError, Option } from 'commander';
import { ClientError } from '@trivet/client';
import { registerAdministration } from './commands/administration.js';
import { registerBackup } from './commands/backup.js';
import { registerBudgets } from './commands/budgets.js';
import { registerApprovals } from './commands/control.js';
import { registerCompletion } from './commands/completion.js';
import { registerDemo } from './commands/demo.js';
import { registerDoctor } from './commands/doctor.js';
import { registerKeys } from './commands/keys.js';
import { registerTenants } from './commands/tenants.js';
import { registerSchedules } from './commands/schedules.js';
import { registerSchemas } from './commands/schemas.js';
import { registerPrompts } from './commands/prompts.js';
import { registerTools } from './commands/tools.js';
import { registerTasks } from './commands/tasks.js';
import { registerUp } from './commands/up.js';
import { registerVersion } from './commands/version.js';
import { registerWorkflows } from './commands/workflows.js';
import { contextOf, type CliContext, type Outside } from './context.js';
import { EXIT, exitCodeHelp, exitCodeOf } from './exit-codes.js';
import { LauncherError } from './launcher/launcher-error.js';
import { OUTPUT_FORMATS } from './output/printer.js';

/** A command's work; resolves to the exit code. */
export type Action = (context: CliContext, positional: string[], options: Record<string, unknown>) => Promise<number>;

/** What a command's registration gets: the program to hang itself on, and how to make a commander action of its work. */
export interface Registry {
  program: Command;
  outside: Outside;
  action(work: Action): (...args: unknown[]) => Promise<void>;
}

/** Runs one command line; resolves to the exit code, with the message of a failure already on stderr. */
export async function runProgram(args: string[], outside: Outside): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = createProgram(outside, (code) => (exitCode = code));
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    explain(error, outside);
    return exitCodeOf(error);
  }
}

function createProgram(outside: Outside, setExitCode: (code: number) => void): Command {
  const program = new Command('trivet')
    .description('Durable AI-agent workflows on three services that share nothing but a message bus.')
    .addOption(new Option('-o, --output <format>', 'how data is printed').choices([...OUTPUT_FORMATS]).default('table'))
    .option('--url <url>', 'the orchestrator to talk to (default: TRIVET_URL, else http://127.0.0.1:8080)')
    .option('--tenant <tenant>', 'act for this tenant (while no API keys are configured; then only the operator)')
    .option('--api-key <secret>', 'the API key; better set TRIVET_API_KEY, since others on this machine see what commands are started with')
    .addHelpText('after', exitCodeHelp())
    .showHelpAfterError('Try: trivet --help')
    .configureOutput({ writeOut: (text) => void outside.stdout.write(text), writeErr: (text) => void outside.stderr.write(text) })
    .exitOverride();
  const registry: Registry = {
    program,
    outside,
    action: (work) => async (...args) => {
      const command = args.at(-1);
      if (!(command instanceof Command)) throw new TypeError('commander passes the command last');
      setExitCode(await work(contextOf(command, outside), command.args, command.opts()));
    },
  };
  for (const register of [registerUp, registerDemo, registerDoctor, registerTasks, registerWorkflows, registerApprovals, registerSchedules, registerBudgets, registerPrompts, registerTools, registerKeys, registerTenants, registerAdministration, registerBackup, registerSchemas, registerCompletion, registerVersion]) register(registry);
  return program;
}

/** What happened, and what to do about it. */
function explain(error: unknown, outside: Outside): void {
  const say = (line: string): void => void outside.stderr.write(`${line}\n`);
  if (error instanceof ClientError) {
    say(error.message);
    // A message that lists the mistakes already is not followed by the same list.
    for (const each of (error.problem?.errors ?? []).filter(({ detail }) => !error.message.includes(detail))) say(`  ${each.pointer || '(body)'} ${each.detail}`);
    say(error.code === 'unreachable' ? 'Try: npx trivet up (or --url, when it runs somewhere else)' : error.problem?.hint ? `Try: ${error.problem.hint}` : `(${error.code})`);
  } else if (error instanceof LauncherError) {
    say(error.message);
    for (const line of error.mend) say(`  ${line}`);
  } else {
    say(error instanceof Error ? error.message : String(error));
  }
}
