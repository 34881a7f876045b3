import 'reflect-metadata';
import { runService } from '@trivet/service';
import { createLogger } from '@trivet/telemetry';
import { scrubEnvironment } from './scrub-environment.js';
import { loadModelConfig } from './service-config.js';
import { startModel } from './start.js';
import { VERSION } from './version.js';

await runService({
  name: 'model',
  version: VERSION,
  loadConfig: () => {
    const config = loadModelConfig(process.env);
    scrubEnvironment(process.env);
    return config;
  },
  createLogger: (config, workerId) => createLogger({ service: 'model', workerId, level: config.logLevel, pretty: config.logFormat === 'pretty' }),
  start: startModel,
});
