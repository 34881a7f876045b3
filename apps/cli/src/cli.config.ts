import { z } from 'zod';

const port = z.coerce.number().int().min(1).max(65_535);
const flag = z.enum(['0', '1', 'true', 'false', '']).transform((value) => value === '1' || value === 'true');

/** What the CLI and its launcher read from the environment; everything else is passed on to the services untouched. */
export const cliConfigSchema = z.object({
  TRIVET_HTTP_PORT: port.default(8080).describe('Port of the orchestrator’s HTTP interface.'),
  TRIVET_NATS_URL: z.string().min(1).optional().describe('A NATS server of your own; unset: the launcher finds or starts one.'),
  TRIVET_REDIS_URL: z.string().min(1).optional().describe('A Redis or Valkey of your own; unset: the launcher finds or starts one.'),
  TRIVET_NATS_PORT: port.default(4222).describe('Port of the NATS server that the launcher starts; a free one if it is taken.'),
  TRIVET_REDIS_PORT: port.default(6379).describe('Port of the Redis server that the launcher starts; a free one if it is taken.'),
  TRIVET_DATA_DIR: z.string().min(1).default('.trivet').describe('Folder of everything the launcher’s servers keep.'),
  TRIVET_DURABILITY: z.enum(['strict', 'relaxed']).default('strict').describe('strict: an answered write is on disk. relaxed: a crash of Redis may lose the last second.'),
  TRIVET_NO_INSTALL: flag.default(false).describe('1: fetch and install nothing, neither from a registry nor with apt-get.'),
  TRIVET_MODEL_CONFIG: z.string().min(1).optional().describe('File of model endpoints, tiers and prices.'),
  TRIVET_URL: z.url().optional().describe('The orchestrator that commands talk to; default http://127.0.0.1:<TRIVET_HTTP_PORT>.'),
  TRIVET_TENANT: z.string().min(1).optional().describe('The tenant that commands act for, while no API keys are configured.'),
  TRIVET_API_KEY: z.string().min(1).optional().describe('The API key that commands send.'),
});
export type CliConfig = z.infer<typeof cliConfigSchema>;

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment could not be read; every mistake is in the message. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Reads the variables this program knows. Throws a ConfigError that lists every mistake by its variable. */
export function readCliConfig(environment: Environment): CliConfig {
  const given = Object.fromEntries(Object.entries(environment).filter(([name, value]) => name in cliConfigSchema.shape && value !== ''));
  const parsed = cliConfigSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join('.')} is ${JSON.stringify(environment[String(issue.path[0])])}: ${issue.message}`).join('\n'));
}
