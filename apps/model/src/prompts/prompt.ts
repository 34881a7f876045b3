import { FailureError, Identifier, PromptBody, parseOrFail, type FieldError, type JsonObject } from '@trivet/contracts';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { compileSchema } from '../compile-schema.js';
import { templateMistakes } from './template.js';

/** The front matter of a prompt file. */
const FrontMatter = PromptBody.omit({ system: true, user: true }).extend({
  name: Identifier,
  version: z.number().int().min(1).optional().describe('Never changes once it is published; a change is a new version. Absent: the next one.'),
  labels: z.array(Identifier).default([]).describe('Names that move between versions, such as production; latest is kept by itself.'),
});

/** One version of a prompt. */
export type Prompt = PromptBody & { name: string; version: number; labels: readonly string[] };

/** A file before it has its number. */
export type PromptFile = Omit<Prompt, 'version'> & { version?: number };

const FILE = /^---\r?\n([\s\S]*?)\r?\n---\r?\n([\s\S]*)$/;
const USER_MARK = /^---user---\s*$/m;

/**
 * Reads a prompt file: YAML between two lines of `---`, then the template; with a line `---user---` the part before
 * it is the system message.
 * @param source for messages: the file's name
 * @throws FailureError invalid_request with every mistake
 */
export function parsePromptFile(text: string, source: string): PromptFile {
  const [, frontMatter, body] = FILE.exec(text) ?? [];
  if (frontMatter === undefined || body === undefined) throw new FailureError('invalid_request', `Prompt ${source} must begin with front matter between two lines of ---`);
  const { version, ...head } = parseOrFail(FrontMatter, readYaml(frontMatter, source), `the front matter of prompt ${source}`);
  const [first = '', second] = body.split(USER_MARK);
  const prompt = second === undefined ? { ...head, user: first.trim() } : { ...head, system: first.trim(), user: second.trim() };
  refuseMistakes(prompt, source);
  return { ...prompt, ...(version === undefined ? {} : { version }) };
}

/** A file of ours, which always has a number. */
export function parsePrompt(text: string, source: string): Prompt {
  const { version, ...prompt } = parsePromptFile(text, source);
  if (version === undefined) throw new Error(`Prompt ${source} has no version in its front matter`);
  return { ...prompt, version };
}

/** Refuses at load what would surprise at run time. */
export function refuseMistakes(prompt: PromptBody, source: string): void {
  const errors = mistakesOf(prompt);
  if (errors.length > 0) throw new FailureError('invalid_request', `Prompt ${source} ${errors.map(({ detail }) => detail).join('; ')}.`, { errors });
}

/** Tags that are not allowed or name no variable, and a schema that is none. */
export function mistakesOf(prompt: PromptBody): FieldError[] {
  const variables = Object.keys(prompt.input.properties);
  const templates = (['system', 'user'] as const).flatMap((part) => (prompt[part] === undefined ? [] : templateMistakes(prompt[part], variables).map((detail) => ({ pointer: `/${part}`, detail }))));
  return [...templates, ...schemaMistakes(JSON.parse(JSON.stringify(prompt.input)), '/input'), ...(prompt.defaults.schema ? schemaMistakes(prompt.defaults.schema, '/defaults/schema') : [])];
}

function schemaMistakes(schema: JsonObject, pointer: string): FieldError[] {
  try {
    compileSchema(schema, pointer.slice(1));
    return [];
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return [{ pointer, detail: error.message }];
  }
}

function readYaml(text: string, source: string): unknown {
  try {
    return parseYaml(text, { maxAliasCount: 0 });
  } catch (error) {
    throw new FailureError('invalid_request', `The front matter of prompt ${source} is no YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
}
