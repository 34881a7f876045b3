import { COMMON_VARIABLES, flag, port, text, variable, wholeNumber } from '@trivet/service';

/** What the orchestrator reads from its environment. */
export const VARIABLES = {
  ...COMMON_VARIABLES,
  httpPort: variable('TRIVET_HTTP_PORT', port().default(8080), 'The port of the HTTP API.'),
  httpHost: variable('TRIVET_HTTP_HOST', text().default('127.0.0.1'), 'The address the HTTP API listens on; without keys configured only loopback is meant to be served.'),
  strictJournal: variable('TRIVET_STRICT_JOURNAL', flag().default(false), 'Nothing leaves (no call, no answer) before the journal has acknowledged it, so that nothing visible is missing after Redis lost its data; each step takes longer.'),
  keepFinishedMs: variable('TRIVET_KEEP_FINISHED_MS', wholeNumber({ min: 10_000, max: 365 * 86_400_000 }).default(7 * 86_400_000), 'How long the record of a finished workflow stays in Redis, in ms; after that it is read from the journal.'),
  natsReplicas: variable('TRIVET_NATS_REPLICAS', wholeNumber({ min: 1, max: 5 }).refine((count) => count % 2 === 1, 'must be 1, 3 or 5').optional(), 'On how many NATS servers each stream is kept (1, 3 or 5); streams that exist are brought to it. Unset: 1 for a new stream, and those that exist keep their number.'),
  toolSigners: variable('TRIVET_TOOL_SIGNERS', text().optional(), 'A file with Ed25519 public keys (PEM): only tools that one of them signed are taken; unset: tools need no signature.'),
} as const;
