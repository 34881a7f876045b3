import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Controller, Get } from '@nestjs/common';
import { FailureError } from '@trivet/contracts';
import { parse } from 'yaml';

/** The generated descriptions of both interfaces, as JSON. */
@Controller()
export class DocumentsController {
  @Get('openapi.json')
  openapi(): Promise<unknown> {
    return readDocument('openapi.yaml');
  }

  @Get('asyncapi.json')
  asyncapi(): Promise<unknown> {
    return readDocument('asyncapi.yaml');
  }
}

/** The JSON Schema of a noun or event of the contracts, by name: TaskSubmit, Workflow, EventStepCompleted … */
export async function readSchema(name: string): Promise<unknown> {
  const text = await readFile(inContracts(`schemas/${name}.json`), 'utf8').catch(() => {
    throw new FailureError('not_found', `There is no schema ${name}.`, { hint: 'The names are those of components.schemas in /openapi.json.' });
  });
  return JSON.parse(text);
}

const readDocument = async (name: string): Promise<unknown> => parse(await readFile(inContracts(name), 'utf8'));

const inContracts = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.resolve('@trivet/contracts')));
