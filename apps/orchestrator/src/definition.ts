import { loadConfig, secretsOf, type ConfigOf, type Environment, type ServiceDefinition } from '@trivet/service';
import { createLogger, type Logger } from '@trivet/telemetry';
import { startOrchestrator } from './start.js';
import { VARIABLES } from './variables.js';
import { VERSION } from './version.js';

/** The orchestrator as a process runs it, alone or with the other tiers. */
export const orchestratorDefinition = (environment: Environment): ServiceDefinition<ConfigOf<typeof VARIABLES>, Logger> => ({
  name: 'orchestrator',
  version: VERSION,
  loadConfig: () => loadConfig(VARIABLES, environment),
  createLogger: (config, workerId) => createLogger({ service: 'orchestrator', workerId, level: config.logLevel, pretty: config.logFormat === 'pretty', secrets: secretsOf(VARIABLES, config) }),
  start: startOrchestrator,
});
