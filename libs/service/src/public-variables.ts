/**
 * Every TRIVET_* name that some app or the launcher reads. One environment often serves all of them, so a name that
 * is here but not in an app's own variables is no mistake there; a name that is not here is one everywhere.
 * The generator's check fails when an app reads a name that is missing here, or a name here is read by none.
 */
export const PUBLIC_VARIABLES: readonly string[] = [
  'TRIVET_ADMIN_HOST',
  'TRIVET_ADMIN_PORT',
  'TRIVET_API_KEY',
  'TRIVET_BRAVE_KEY',
  'TRIVET_CRASH_AT',
  'TRIVET_DATA_DIR',
  'TRIVET_DRAIN_TIMEOUT_MS',
  'TRIVET_DURABILITY',
  'TRIVET_EGRESS_CONFIG',
  'TRIVET_EXECUTOR_SLOTS',
  'TRIVET_HTTP_HOST',
  'TRIVET_HTTP_PORT',
  'TRIVET_KEEP_FINISHED_MS',
  'TRIVET_LOG_FORMAT',
  'TRIVET_LOG_LEVEL',
  'TRIVET_MCP_CONFIG',
  'TRIVET_MEMORY_INDEX_MIB',
  'TRIVET_MODEL_CONFIG',
  'TRIVET_NATS_PORT',
  'TRIVET_NATS_REPLICAS',
  'TRIVET_NATS_URL',
  'TRIVET_NO_INSTALL',
  'TRIVET_REDIS_PORT',
  'TRIVET_REDIS_REPLICAS',
  'TRIVET_REDIS_URL',
  'TRIVET_SEARXNG_URL',
  'TRIVET_STRICT_JOURNAL',
  'TRIVET_TAVILY_KEY',
  'TRIVET_TENANT',
  'TRIVET_TOOL_SIGNERS',
  'TRIVET_URL',
  'TRIVET_WORKER_ID',
];
