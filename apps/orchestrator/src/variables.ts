import { COMMON_VARIABLES, port, text, variable } from '@trivet/service';

/** What the orchestrator reads from its environment. */
export const VARIABLES = {
  ...COMMON_VARIABLES,
  httpPort: variable('TRIVET_HTTP_PORT', port().default(8080), 'The port of the HTTP API.'),
  httpHost: variable('TRIVET_HTTP_HOST', text().default('127.0.0.1'), 'The address the HTTP API listens on; without keys configured only loopback is meant to be served.'),
} as const;
