import 'reflect-metadata';
import { executorDefinition } from '@trivet/executor';
import { modelDefinition } from '@trivet/model';
import { orchestratorDefinition } from '@trivet/orchestrator';
import { asTier, runServices } from '@trivet/service';
import { enableContext } from '@trivet/telemetry';
import { inItsTier } from './in-its-tier.js';

enableContext();
// The model last: it takes out of the environment what vendors' libraries would read from it.
await runServices([asTier(inItsTier(orchestratorDefinition(process.env))), asTier(inItsTier(executorDefinition(process.env))), asTier(inItsTier(modelDefinition(process.env)))]);
