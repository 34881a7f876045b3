import { API_KEY_PATTERN } from '@trivet/contracts';
import { COMMON_VARIABLES, flag, names, port, text, variable, wholeNumber } from '@trivet/service';

const operatorKey = () => text().regex(API_KEY_PATTERN, 'must be trv_ and 43 letters, digits, - or _, such as: echo "trv_$(openssl rand -base64 32 | tr +/ -_ | tr -d =)"');

export const DAY_MS = 86_400_000;

/** What the orchestrator reads from its environment. */
export const VARIABLES = {
  ...COMMON_VARIABLES,
  httpPort: variable('TRIVET_HTTP_PORT', port().default(8080), 'The port of the HTTP API.'),
  httpHost: variable('TRIVET_HTTP_HOST', text().default('127.0.0.1'), 'The address the HTTP API listens on. Anything but loopback is refused until there is an API key, unless TRIVET_HTTP_OPEN is 1.'),
  httpOpen: variable('TRIVET_HTTP_OPEN', flag().default(false), '1: serve other machines also while no API key is configured. Whoever reaches the port may do everything, so something else has to keep strangers from it.'),
  httpNames: variable('TRIVET_HTTP_NAMES', names().default([]), 'Names this server is reached by, separated by commas. Without keys, or on loopback, a request that names another host than these, localhost or an address is refused.'),
  operatorKey: variable('TRIVET_OPERATOR_KEY', operatorKey().optional(), 'The secret of an admin key of the tenant default, made by you: trv_ and 43 letters, digits, - or _. Lets a server that others reach begin with a key, and you in when all others are lost.', { secret: true }),
  strictJournal: variable('TRIVET_STRICT_JOURNAL', flag().default(false), 'Nothing leaves (no call, no answer) before the journal has acknowledged it, so that nothing visible is missing after Redis lost its data; each step takes longer.'),
  keepFinishedMs: variable('TRIVET_KEEP_FINISHED_MS', wholeNumber({ min: 10_000, max: 365 * DAY_MS }).default(7 * DAY_MS), 'How long the record of a finished workflow stays in Redis, in ms; after that it is read from the journal.'),
  journalMaxAgeDays: variable('TRIVET_JOURNAL_MAX_AGE_DAYS', wholeNumber({ min: 1, max: 3_650 }).default(30), 'How many days the journal keeps an event; holds for what it has already too, from the next start on. The same for all orchestrators, and longer than any workflow is open.'),
  natsReplicas: variable('TRIVET_NATS_REPLICAS', wholeNumber({ min: 1, max: 5 }).refine((count) => count % 2 === 1, 'must be 1, 3 or 5').optional(), 'On how many NATS servers each stream is kept (1, 3 or 5); streams that exist are brought to it. Unset: 1 for a new stream, and those that exist keep their number.'),
  toolSigners: variable('TRIVET_TOOL_SIGNERS', text().optional(), 'A file with Ed25519 public keys (PEM): only tools that one of them signed are taken; unset: tools need no signature.'),
} as const;
