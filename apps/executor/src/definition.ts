import { loadConfig, secretsOf, type ConfigOf, type Environment, type ServiceDefinition } from '@trivet/service';
import { createLogger, type Logger } from '@trivet/telemetry';
import { startExecutor } from './start.js';
import { VARIABLES } from './variables.js';
import { VERSION } from './version.js';

/** The executor as a process runs it, alone or with the other tiers. */
export const executorDefinition = (environment: Environment): ServiceDefinition<ConfigOf<typeof VARIABLES>, Logger> => ({
  name: 'executor',
  version: VERSION,
  loadConfig: () => loadConfig(VARIABLES, environment),
  createLogger: (config, workerId) => createLogger({ service: 'executor', workerId, level: config.logLevel, pretty: config.logFormat === 'pretty', secrets: secretsOf(VARIABLES, config) }),
  start: startExecutor,
});
