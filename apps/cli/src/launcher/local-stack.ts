import { join } from 'node:path';
import type { CliConfig, Environment } from '../cli.config.js';
import type { Layout, Role } from './layout.js';
import { readLogLine } from './log-line.js';
import { cacheDir, projectRoot } from './project-paths.js';
import { startStack, type Stack, type StackOptions } from './stack.js';

export interface LocalStackOptions {
  config: CliConfig;
  environment: Environment;
  dataDir: string;
  httpPort: number;
  layout: Layout;
  natsPort?: number;
  redisPort?: number;
  /** Every log line of the services is shown, not only their errors. */
  verbose: boolean;
  /** Errors are shown as they happen; false: they are only in the log files. */
  showErrors: boolean;
  say: (line: string) => void;
  crashAt?: StackOptions['crashAt'];
  onRestart?: StackOptions['onRestart'];
  signal?: AbortSignal;
}

/** The stack of this checkout: the services as they were built here. */
export function startLocalStack(options: LocalStackOptions): Promise<Stack> {
  const { config, environment, say } = options;
  return startStack({
    dataDir: options.dataDir,
    httpPort: options.httpPort,
    natsPort: options.natsPort,
    redisPort: options.redisPort,
    natsUrl: config.natsUrl,
    redisUrl: config.redisUrl,
    find: { searchPath: environment['PATH'] ?? '', cacheDir, noInstall: config.noInstall, say },
    environment,
    layout: options.layout,
    scriptOf: serviceScript,
    crashAt: options.crashAt,
    onRestart: options.onRestart,
    signal: options.signal,
    onLine: (line) => {
      const { level, text } = readLogLine(line);
      const isError = level === 'error' || level === 'fatal';
      if (options.verbose || (isError && options.showErrors)) say(`${line.service.padEnd('orchestrator-1'.length)} ${level.padEnd(5)} ${text}`);
    },
  });
}

export function serviceScript(role: Role): string {
  return join(projectRoot, 'apps', role, 'dist', 'main.js');
}
