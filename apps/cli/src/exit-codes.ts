import { ClientError } from '@trivet/client';
import { isTerminal, type Workflow } from '@trivet/contracts';
import { ConfigError } from './cli.config.js';
import { LauncherError } from './launcher/launcher-error.js';

/** What the shell gets; the numbers are part of the interface. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notFound: 3, unreachable: 4, budgetRefused: 5, configuration: 78, interrupted: 130 } as const;

/** The command was used wrongly; the message says how it is used. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
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
