import type { PlannedProcess, Role, Shape } from './layout.js';
import type { Servers } from './servers.js';

export interface ServiceEnvironmentOptions {
  /** What the launcher itself was started with; passed on, except for what follows. */
  inherited: Readonly<Record<string, string | undefined>>;
  servers: Pick<Servers, 'urls' | 'relaxed'>;
  httpPort: number;
  dataDir: string;
  shape: Shape;
}

/** Read by the launcher only; a service would refuse them as unknown. */
const LAUNCHER_ONLY = new Set(['TRIVET_NATS_PORT', 'TRIVET_REDIS_PORT', 'TRIVET_NO_INSTALL', 'TRIVET_URL', 'TRIVET_TENANT', 'TRIVET_API_KEY', 'TRIVET_CRASH_AT']);

/** The secret that opens everything over HTTP: only the door it opens gets it. */
const ORCHESTRATOR_ONLY = 'TRIVET_OPERATOR_KEY';

/** Vendors' keys: only the model tier gets them, so that nothing the executor runs could find one. */
const MODEL_ONLY = /^(OPENAI|ANTHROPIC|GEMINI|GOOGLE|AZURE_OPENAI|MISTRAL|COHERE|DEEPSEEK|GROQ|OPENROUTER|TOGETHER|XAI)_|^TRIVET_MODEL_CONFIG$/;

/**
 * The environment of one process: its own credentials for the bus and Redis, a free admin port, an id of its own, vendors'
 * keys where they belong. A process for all tiers needs the rights of all, so it logs in as the operator does.
 */
export function serviceEnvironment({ role, name }: Pick<PlannedProcess, 'role' | 'name'>, options: ServiceEnvironmentOptions): Record<string, string | undefined> {
  const passedOn = Object.entries(options.inherited).filter(([variable]) => !LAUNCHER_ONLY.has(variable) && (hasModelTier(role) || !MODEL_ONLY.test(variable)) && (hasHttp(role) || variable !== ORCHESTRATOR_ONLY));
  const { nats, redis } = options.servers.urls[role === 'one' ? 'bootstrap' : role];
  const workerId = options.inherited['TRIVET_WORKER_ID'];
  return {
    ...Object.fromEntries(passedOn),
    TRIVET_NATS_URL: nats,
    TRIVET_REDIS_URL: redis,
    TRIVET_HTTP_PORT: String(options.httpPort),
    // Several processes get it from one environment; the one for all tells its tiers apart by itself.
    ...(workerId && options.shape !== 'one' ? { TRIVET_WORKER_ID: `${workerId}-${name}` } : {}),
    TRIVET_ADMIN_PORT: '0',
    TRIVET_DATA_DIR: options.dataDir,
    ...(options.servers.relaxed ? { TRIVET_DURABILITY: 'relaxed' } : {}),
  };
}

const hasHttp = (role: Role): boolean => role === 'orchestrator' || role === 'one';
const hasModelTier = (role: Role): boolean => role === 'model' || role === 'one';
