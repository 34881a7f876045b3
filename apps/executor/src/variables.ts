import { COMMON_VARIABLES, text, url, variable, wholeNumber } from '@trivet/service';

/** What the executor reads from its environment. */
export const VARIABLES = {
  ...COMMON_VARIABLES,
  slots: variable('TRIVET_EXECUTOR_SLOTS', wholeNumber({ min: 1, max: 256 }).optional(), 'How many tools may compute at the same time, each in its own process; unset: the number of cores.'),
  mcpConfig: variable('TRIVET_MCP_CONFIG', text().optional(), 'A file that names MCP servers whose tools this executor offers (docs/tools.md); unset: none.'),
  egressConfig: variable('TRIVET_EGRESS_CONFIG', text().optional(), 'A file that says which secrets, private hosts and services of your own tools may use (docs/tools.md); unset: none.'),
  tavilyKey: variable('TRIVET_TAVILY_KEY', text().min(8).optional(), 'The key of Tavily, with which web_search asks it first; unset: it does not.', { secret: true }),
  braveKey: variable('TRIVET_BRAVE_KEY', text().min(8).optional(), 'The key of Brave Search, which web_search asks when there is no Tavily; unset: it does not.', { secret: true }),
  searxngUrl: variable('TRIVET_SEARXNG_URL', url(['http:', 'https:']).optional(), 'The address of a SearXNG whose settings allow the format json, for web_search; it may be a private one. Unset: Wikipedia.'),
  memoryIndexMib: variable('TRIVET_MEMORY_INDEX_MIB', wholeNumber({ min: 8, max: 65_536 }).default(256), 'How much memory the indexes of what tools remember may take in this process; those that were not used for longest are dropped and made again when they are asked for.'),
  path: variable('PATH', text().default('/usr/local/bin:/usr/bin:/bin'), 'Where the commands of MCP servers are looked for.'),
} as const;
