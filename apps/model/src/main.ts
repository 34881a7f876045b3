import 'reflect-metadata';
import { runService } from '@trivet/service';
import { createLogger } from '@trivet/telemetry';
import { loadModelConfig } from './service-config.js';
import { startModel } from './start.js';
import { VERSION } from './version.js';

await runService({
  name: 'model',
  version: VERSION,
  loadConfig: () => loadModelConfig(process.env),
  createLogger: (config, workerId) => createLogger({ service: 'model', workerId, level: config.logLevel, pretty: config.logFormat === 'pretty' }),
  start: startModel,
});
