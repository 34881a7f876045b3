import { readFileSync } from 'node:fs';
import type { Examination, Finding } from './examine.js';

/** Every endpoint of the model configuration that names a variable for its key must have that variable set. */
export async function checkModelKeys({ config, environment }: Pick<Examination, 'config' | 'environment'>): Promise<Finding[]> {
  const file = config.modelConfig;
  if (!file) return [];
  const text = readText(file);
  if (text === undefined) return [{ what: `TRIVET_MODEL_CONFIG names ${file}, which cannot be read.`, mend: 'correct the path, or unset TRIVET_MODEL_CONFIG' }];
  const missing = namedKeyVariables(text).filter((variable) => !environment[variable]);
  return missing.map((variable) => ({ what: `The model configuration ${file} takes a key from ${variable}, which is not set.`, mend: `export ${variable}=…, or remove that endpoint` }));
}

/** From JSON and YAML alike: the values of apiKeyVariable. */
function namedKeyVariables(text: string): string[] {
  const names = [...text.matchAll(/["']?apiKeyVariable["']?\s*:\s*["']?([A-Za-z_][A-Za-z0-9_]*)/g)].map((match) => match[1] ?? '');
  return [...new Set(names)];
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
