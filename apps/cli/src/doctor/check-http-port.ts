import { createClient } from '@trivet/client';
import { canBind } from '../launcher/free-port.js';
import { describeShape } from '../output/shape.js';
import type { Examination, Finding } from './examine.js';

const ANSWER_WITHIN_MS = 1000;

/** Taken by a running Trivet is well; taken by anything else is a problem. */
export async function checkHttpPort({ config }: { config: Pick<Examination['config'], 'httpPort' | 'apiKey' | 'tenant'> }): Promise<Finding[]> {
  const port = config.httpPort;
  if (await canBind(port)) return [{ found: `HTTP port ${port} is free` }];
  if (await answersAsTrivet(port)) return [{ found: `Trivet runs on HTTP port ${port}${await shapeBehind(port, config)}` }];
  return [{ what: `HTTP port ${port} is taken by another program.`, mend: `choose another, such as TRIVET_HTTP_PORT=${port + 1}, or stop that program` }];
}

async function answersAsTrivet(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/version`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    return response.ok && /"(orchestrator|trivet)"/.test(await response.text());
  } catch {
    return false;
  }
}

/** Where the workers may not be asked for (a key is missing), nothing is said. */
async function shapeBehind(port: number, { apiKey, tenant }: Pick<Examination['config'], 'apiKey' | 'tenant'>): Promise<string> {
  const client = createClient({ url: `http://127.0.0.1:${port}`, apiKey, tenant, client: 'cli' });
  const workers = await client.workers().catch(() => undefined);
  return workers ? `, shape ${describeShape(workers.items)}` : '';
}
