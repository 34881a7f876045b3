import { DBOS } from '@dbos-inc/dbos-sdk';
import { serve } from './serve.mjs';

/** DBOS Transact on PostgreSQL with fsync and synchronous commit on; a row a step. */
const [, , databaseUrl] = process.argv;
const noop = async () => 1;
const workflow = DBOS.registerWorkflow(async () => (await DBOS.runStep(noop, { name: 's1' })) + (await DBOS.runStep(noop, { name: 's2' })) + (await DBOS.runStep(noop, { name: 's3' })), { name: 'three' });
DBOS.setConfig({ name: 'bench', systemDatabaseUrl: databaseUrl, systemDatabasePoolSize: 10, logLevel: 'error', tracingEnabled: false, enableOTLP: false, runAdminServer: false });
await DBOS.launch();
serve(() => workflow(), { stop: () => DBOS.shutdown() });
