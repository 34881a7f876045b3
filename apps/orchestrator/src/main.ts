import 'reflect-metadata';
import { runService } from '@trivet/service';
import { orchestratorDefinition } from './definition.js';

await runService(orchestratorDefinition(process.env));
