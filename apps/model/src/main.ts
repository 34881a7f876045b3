import 'reflect-metadata';
import { runService } from '@trivet/service';
import { modelDefinition } from './definition.js';

await runService(modelDefinition(process.env));
