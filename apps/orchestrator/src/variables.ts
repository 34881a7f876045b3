import { COMMON_VARIABLES, flag, port, text, variable } from '@trivet/service';

/** What the orchestrator reads from its environment. */
export const VARIABLES = {
  ...COMMON_VARIABLES,
  httpPort: variable('TRIVET_HTTP_PORT', port().default(8080), 'The port of the HTTP API and the dashboard.'),
  httpHost: variable('TRIVET_HTTP_HOST', text().default('127.0.0.1'), 'The address the HTTP API listens on; without keys configured only loopback is meant to be served.'),
  strictJournal: variable('TRIVET_STRICT_JOURNAL', flag().default(false), 'Waits until the journal has an event before anything that follows from it leaves.'),
} as const;
