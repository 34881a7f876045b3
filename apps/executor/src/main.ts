import 'reflect-metadata';
import { loadConfig, runService, secretsOf } from '@trivet/service';
import { createLogger } from '@trivet/telemetry';
import { startExecutor } from './start.js';
import { VARIABLES } from './variables.js';
import { VERSION } from './version.js';

await runService({
  name: 'executor',
  version: VERSION,
  loadConfig: () => loadConfig(VARIABLES, process.env),
  createLogger: (config, workerId) => createLogger({ service: 'executor', workerId, level: config.logLevel, pretty: config.logFormat === 'pretty', secrets: secretsOf(VARIABLES, config) }),
  start: startExecutor,
});
