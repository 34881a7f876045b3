import { COMMON_VARIABLES, text, variable, wholeNumber } from '@trivet/service';

/** What the executor reads from its environment. */
export const VARIABLES = {
  ...COMMON_VARIABLES,
  slots: variable('TRIVET_EXECUTOR_SLOTS', wholeNumber({ min: 1, max: 256 }).optional(), 'How many tools may compute at the same time, each in its own process; unset: the number of cores.'),
  mcpConfig: variable('TRIVET_MCP_CONFIG', text().optional(), 'A file that names MCP servers whose tools this executor offers (docs/tools.md); unset: none.'),
  path: variable('PATH', text().default('/usr/local/bin:/usr/bin:/bin'), 'Where the commands of MCP servers are looked for.'),
} as const;
