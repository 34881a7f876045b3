import { readFileSync } from 'node:fs';
import { ConfigError } from './load-config.js';

/**
 * Reads a file that a variable names. Undefined: the variable is unset.
 * @param read from the text of the file to its value; what it throws becomes the words of the ConfigError
 * @throws ConfigError, which names the variable and the file
 */
export function readConfigFile<Value>(variable: string, file: string | undefined, read: (text: string) => Value): Value | undefined {
  if (file === undefined) return undefined;
  try {
    return read(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ConfigError([`${variable} is ${file}: ${reasonOf(error)}`]);
  }
}

function reasonOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return 'there is no such file.';
  return error instanceof Error ? error.message : String(error);
}
