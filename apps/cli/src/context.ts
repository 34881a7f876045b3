import { createClient, type Client } from '@trivet/client';
import type { Command } from 'commander';
import { readCliConfig, type CliConfig, type Environment } from './cli.config.js';
import { printer, type OutputFormat, type Printer } from './output/printer.js';

/** What the outside gives to the program; tests give their own. */
export interface Outside {
  environment: Environment;
  stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
}

/** What every command works with. */
export interface CliContext extends Outside {
  config: CliConfig;
  /** The orchestrator that commands talk to. */
  url: string;
  client: Client;
  print: Printer;
  /** A line for the person who watches; never data. */
  note(line: string): void;
}

export interface GlobalOptions {
  output: OutputFormat;
  url?: string;
  tenant?: string;
  apiKey?: string;
  reason?: string;
}

export function contextOf(command: Command, outside: Outside): CliContext {
  const options: GlobalOptions = command.optsWithGlobals();
  const config = readCliConfig(outside.environment);
  const url = options.url ?? config.url ?? `http://127.0.0.1:${config.httpPort}`;
  return {
    ...outside,
    config,
    url,
    client: createClient({ url, tenant: options.tenant ?? config.tenant, apiKey: options.apiKey ?? config.apiKey, ...(options.reason === undefined ? {} : { reason: options.reason }), client: 'cli' }),
    print: printer(options.output, outside.stdout),
    note: (line) => void outside.stderr.write(`${line}\n`),
  };
}
