import { ConfigError } from './load-config.js';
import type { ServiceLogger } from './service-logger.js';

/** A process that found itself in a state it was not written for (EX_SOFTWARE of sysexits.h). */
const EXIT_SOFTWARE = 70;
/** Ended by a second signal. */
const EXIT_INTERRUPTED = 130;

/** An error nobody caught ends the process, whichever service it came from: another takes its work. */
export function endOnUncaught(logger: ServiceLogger): void {
  const end = (reason: unknown) => {
    logger.fatal({ err: reason }, 'An error nobody caught; the process ends and another takes its work');
    process.exit(EXIT_SOFTWARE);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

/** Says why the process cannot go on and ends it: 78 for a mistake in the configuration, else 70. */
export function exitWith(error: unknown, logger: ServiceLogger): never {
  if (error instanceof ConfigError) {
    logger.fatal({ problems: error.problems }, error.message);
    process.exit(error.exitCode);
  }
  logger.fatal({ err: error }, 'The service could not start');
  process.exit(EXIT_SOFTWARE);
}

/**
 * One Ctrl-C often arrives more than once: from the terminal, from npm, and from the launcher as SIGTERM. What comes
 * this soon after the first is the same request, not a second one.
 */
const SAME_REQUEST_MS = 500;

/** Calls `stop` on the first signal, or when the parent that started this process is gone; ends at once on the second. */
export function onStop(logger: ServiceLogger, stop: () => void): void {
  let stoppedAt: number | undefined;
  const begin = (reason: string) => {
    if (stoppedAt !== undefined) return;
    stoppedAt = performance.now();
    logger.info({ reason }, 'The service stops');
    stop();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stoppedAt !== undefined && performance.now() - stoppedAt > SAME_REQUEST_MS) process.exit(EXIT_INTERRUPTED);
      begin(signal);
    });
  }
  if (process.connected) process.on('disconnect', () => begin('the parent process is gone'));
}
