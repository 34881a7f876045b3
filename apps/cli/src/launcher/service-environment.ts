import { SERVICES, type Service } from '@trivet/contracts';
import type { Servers } from './servers.js';

export { SERVICES, type Service };

export interface ServiceEnvironmentOptions {
  /** What the launcher itself was started with; passed on, except for what follows. */
  inherited: Readonly<Record<string, string | undefined>>;
  servers: Pick<Servers, 'urls' | 'relaxed'>;
  httpPort: number;
  dataDir: string;
}

/** Read by the launcher only; a service would refuse them as unknown. */
const LAUNCHER_ONLY = new Set(['TRIVET_NATS_PORT', 'TRIVET_REDIS_PORT', 'TRIVET_NO_INSTALL', 'TRIVET_URL', 'TRIVET_TENANT', 'TRIVET_API_KEY', 'TRIVET_CRASH_AT']);

/** Vendors' keys: only the model tier gets them, so that nothing the executor runs could find one. */
const MODEL_ONLY = /^(OPENAI|ANTHROPIC|GEMINI|GOOGLE|AZURE_OPENAI|MISTRAL|COHERE|DEEPSEEK|GROQ|OPENROUTER|TOGETHER|XAI)_|^TRIVET_MODEL_CONFIG$/;

/** The environment of one service: its own credentials for the bus and Redis, a free admin port, vendors' keys where they belong. */
export function serviceEnvironment(service: Service, options: ServiceEnvironmentOptions): Record<string, string | undefined> {
  const passedOn = Object.entries(options.inherited).filter(([name]) => !LAUNCHER_ONLY.has(name) && (service === 'model' || !MODEL_ONLY.test(name)));
  const { nats, redis } = options.servers.urls[service];
  return {
    ...Object.fromEntries(passedOn),
    TRIVET_NATS_URL: nats,
    TRIVET_REDIS_URL: redis,
    TRIVET_HTTP_PORT: String(options.httpPort),
    TRIVET_ADMIN_PORT: '0',
    TRIVET_DATA_DIR: options.dataDir,
    ...(options.servers.relaxed ? { TRIVET_DURABILITY: 'relaxed' } : {}),
  };
}
