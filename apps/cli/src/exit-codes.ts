import { ClientError } from '@trivet/client';
import { isTerminal, type Workflow } from '@trivet/contracts';
import { ConfigError } from './cli.config.js';
import { LauncherError } from './launcher/launcher-error.js';

/** What the shell gets; the numbers are part of the interface. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notFound: 3, unreachable: 4, budgetRefused: 5, configuration: 78, interrupted: 130 } as const;

/** What each number means, as `trivet --help` lists it. */
const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'it worked; what was waited for completed',
  failed: 'the workflow failed or was cancelled, doctor found a problem, or something unexpected happened',
  usage: 'the command or its input is wrong',
  notFound: 'there is no such thing',
  unreachable: 'the orchestrator, or a server it needs, cannot be reached or started',
  budgetRefused: 'a budget refused it',
  configuration: 'an environment variable is wrong',
  interrupted: 'stopped with Ctrl-C; a workflow that was watched goes on',
};

/** The command was used wrongly; the message says how it is used. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The list of exit codes below the help. */
export function exitCodeHelp(): string {
  const codes = new Map<string, number>(Object.entries(EXIT));
  return ['', 'Exit codes:', ...Object.entries(EXIT_MEANINGS).map(([name, meaning]) => `  ${String(codes.get(name)).padEnd(5)}${meaning}`)].join('\n');
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof ConfigError) return EXIT.configuration;
  if (error instanceof LauncherError) return EXIT.unreachable;
  if (!(error instanceof ClientError)) return EXIT.failed;
  switch (error.code) {
    case 'unreachable':
    case 'unavailable':
    case 'deadline_exceeded':
      return EXIT.unreachable;
    case 'budget_exceeded':
      return EXIT.budgetRefused;
    default:
      return exitCodeOfStatus(error.status);
  }
}

function exitCodeOfStatus(status: number): number {
  if (status === 404) return EXIT.notFound;
  if (status === 503 || status === 504) return EXIT.unreachable;
  return status >= 400 && status < 500 && status !== 409 ? EXIT.usage : EXIT.failed;
}

/** Of a command that waited for a workflow. */
export function exitCodeOfWorkflow(workflow: Workflow): number {
  if (workflow.status === 'completed' || !isTerminal(workflow.status)) return EXIT.ok;
  return workflow.failure?.code === 'budget_exceeded' ? EXIT.budgetRefused : EXIT.failed;
}
