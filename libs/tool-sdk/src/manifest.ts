import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FailureError, ToolManifest, parseOrFail } from '@trivet/contracts';

/** Reads and checks the tool.json of a folder. Throws a FailureError that lists every mistake; an unknown field is one. */
export async function readManifest(folder: string): Promise<ToolManifest> {
  const file = join(folder, 'tool.json');
  const text = await readFile(file, 'utf8').catch(() => {
    throw new FailureError('invalid_request', `${file} is missing.`);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FailureError('invalid_request', `${file} is not JSON: ${error instanceof Error ? error.message : 'unknown'}.`);
  }
  return parseOrFail(ToolManifest, value, `tool.json in ${folder}`);
}
