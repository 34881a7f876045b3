import 'reflect-metadata';
import { runService } from '@trivet/service';
import { executorDefinition } from './definition.js';

await runService(executorDefinition(process.env));
