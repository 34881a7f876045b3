import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Controller, Get, Inject } from '@nestjs/common';
import { FailureError } from '@trivet/contracts';
import { parse } from 'yaml';
import { NATS_URL } from '../tokens.js';
import { busServers } from './bus-servers.js';

/** The generated descriptions of both interfaces, as JSON; that of the bus says where it is. */
@Controller()
export class DocumentsController {
  constructor(@Inject(NATS_URL) private readonly natsUrl: string) {}

  @Get('openapi.json')
  openapi(): Promise<unknown> {
    return readDocument('openapi.yaml');
  }

  @Get('asyncapi.json')
  async asyncapi(): Promise<unknown> {
    return { ...(await readDocument('asyncapi.yaml')), servers: busServers(this.natsUrl) };
  }
}

/** The JSON Schema of a noun or event of the contracts, by name: TaskSubmit, Workflow, EventStepCompleted … */
export async function readSchema(name: string): Promise<unknown> {
  const text = await readFile(inContracts(`schemas/${name}.json`), 'utf8').catch(() => {
    throw new FailureError('not_found', `There is no schema ${name}.`, { hint: 'The names are those of components.schemas in /openapi.json.' });
  });
  return JSON.parse(text);
}

const readDocument = async (name: string): Promise<Record<string, unknown>> => parse(await readFile(inContracts(name), 'utf8'));

const inContracts = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.resolve('@trivet/contracts')));
