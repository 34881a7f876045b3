import { readFileSync } from 'node:fs';
import { FailureError } from '@trivet/contracts';
import { ConfigError, loadConfig, type ConfigOf, type Environment } from '@trivet/service';
import { VENDOR_VARIABLES, configFromEnvironment, type VendorVariables } from './routing/default-config.js';
import { parseModelConfig, type ModelConfig } from './routing/model-config.js';
import { VARIABLES } from './variables.js';

/** The model service's configuration, with its endpoints and the keys they need. */
export type ModelServiceConfig = ConfigOf<typeof VARIABLES> & {
  readonly routing: ModelConfig;
  /** Keys of vendors, by the name of their variable. */
  readonly secrets: Readonly<Record<string, string | undefined>>;
};

/** @throws ConfigError with every problem of the variables and of the file together */
export function loadModelConfig(environment: Environment): ModelServiceConfig {
  const problems: string[] = [];
  const collect = <Value>(read: () => Value): Value | undefined => {
    try {
      return read();
    } catch (error) {
      if (error instanceof ConfigError) problems.push(...error.problems);
      else if (error instanceof FailureError) problems.push(...linesOf(error));
      else throw error;
      return undefined;
    }
  };
  const variables = collect(() => loadConfig(VARIABLES, environment));
  const path = environment['TRIVET_MODEL_CONFIG'] || undefined;
  // From variables that are wrong, and reported, nothing can be made.
  const routing = path || variables ? collect(() => (path ? parseModelConfig(readFile(path), path) : configFromEnvironment(vendorVariablesOf(environment)))) : undefined;
  const names = routing?.endpoints.flatMap(({ apiKeyVariable }) => apiKeyVariable ?? []) ?? [];
  for (const { name, apiKeyVariable } of path ? (routing?.endpoints ?? []) : []) {
    if (apiKeyVariable && !environment[apiKeyVariable]) problems.push(`${apiKeyVariable} is not set; endpoint ${name} of ${path} takes its key from it.`);
  }
  if (problems.length > 0 || !variables || !routing) throw new ConfigError(problems);
  return { ...variables, routing, secrets: Object.fromEntries(names.map((name) => [name, environment[name]])) };
}

/** An empty variable is one that is not set. */
const vendorVariablesOf = (environment: Environment): VendorVariables => Object.fromEntries(VENDOR_VARIABLES.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])));

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new FailureError('invalid_request', `TRIVET_MODEL_CONFIG names ${path}, which cannot be read (${errorCodeOf(error)}).`);
  }
}

const errorCodeOf = (error: unknown): string => (typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'for an unknown reason');

const linesOf = ({ message, errors }: FailureError): string[] => (errors.length > 1 ? errors.map(({ pointer, detail }) => `TRIVET_MODEL_CONFIG ${pointer || '/'} ${detail}.`) : [message]);
