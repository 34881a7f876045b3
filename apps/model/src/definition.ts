import type { ServiceDefinition } from '@trivet/service';
import { createLogger, type Logger } from '@trivet/telemetry';
import { scrubEnvironment } from './scrub-environment.js';
import { loadModelConfig, type ModelServiceConfig } from './service-config.js';
import { startModel } from './start.js';
import { VERSION } from './version.js';

/**
 * The model service as a process runs it, alone or with the other tiers.
 *
 * @param environment read once; what vendors' libraries would take from it by themselves is taken out
 */
export const modelDefinition = (environment: Record<string, string | undefined>): ServiceDefinition<ModelServiceConfig, Logger> => ({
  name: 'model',
  version: VERSION,
  loadConfig: () => {
    const config = loadModelConfig(environment);
    scrubEnvironment(environment);
    return config;
  },
  createLogger: (config, workerId) => createLogger({ service: 'model', workerId, level: config.logLevel, pretty: config.logFormat === 'pretty' }),
  start: startModel,
});
