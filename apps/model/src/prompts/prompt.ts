import { Identifier, JsonRecord, TIERS, parseOrFail } from '@trivet/contracts';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { PROMPT_TASKS } from '../providers/provider.js';
import { checkTemplate } from './render.js';

/** The front matter of a prompt file. */
const FrontMatter = z.strictObject({
  name: Identifier,
  version: z.number().int().min(1).describe('Never changes once it is published; a change is a new version.'),
  description: z.string().min(1),
  labels: z.array(Identifier).default([]).describe('Names that move between versions, such as production; latest is kept by itself.'),
  task: z.enum(PROMPT_TASKS).default('generate').describe('What it is for; the offline provider serves summarise, report and plan.'),
  input: z
    .object({ type: z.literal('object'), properties: z.record(Identifier, z.union([JsonRecord, z.boolean()])), required: z.array(z.string()).optional() })
    .loose()
    .describe('JSON Schema of its variables.'),
  defaults: z
    .strictObject({ maxTokens: z.number().int().min(1).optional(), tier: z.enum(TIERS).optional(), temperature: z.number().min(0).max(2).optional(), schema: JsonRecord.optional(), cacheMs: z.number().int().min(1_000).max(2_592_000_000).optional() })
    .default({})
    .describe('Used where the call does not say otherwise.'),
});

/** One version of a prompt. */
export type Prompt = z.infer<typeof FrontMatter> & {
  /** The part before the line `---user---`, if there is one. */
  system?: string;
  user: string;
};

const FILE = /^---\r?\n([\s\S]*?)\r?\n---\r?\n([\s\S]*)$/;
const USER_MARK = /^---user---\s*$/m;

/**
 * Reads a prompt file: YAML between two lines of `---`, then the template; with a line `---user---` the part before
 * it is the system message.
 * @param source for messages: the file's name
 */
export function parsePrompt(text: string, source: string): Prompt {
  const [, frontMatter, body] = FILE.exec(text) ?? [];
  if (frontMatter === undefined || body === undefined) throw new Error(`Prompt ${source} must begin with front matter between two lines of ---`);
  const head = parseOrFail(FrontMatter, parseYaml(frontMatter), `the front matter of prompt ${source}`);
  const [first = '', second] = body.split(USER_MARK);
  const prompt: Prompt = second === undefined ? { ...head, user: first.trim() } : { ...head, system: first.trim(), user: second.trim() };
  for (const template of [prompt.system, prompt.user]) {
    if (template !== undefined) checkTemplate(template, Object.keys(head.input.properties), source);
  }
  return prompt;
}
