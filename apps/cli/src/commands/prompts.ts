import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { JsonObject, Prompt, PromptDiff } from '@trivet/contracts';
import type { CliContext } from '../context.js';
import { EXIT, UsageError } from '../exit-codes.js';
import type { Column } from '../output/table.js';
import { shorten } from '../output/text.js';
import type { Registry } from '../program.js';
import { readWhole } from './numbers.js';

/** prompts ls, get, versions, add, label, unlabel, preview, diff. */
export function registerPrompts({ program, action }: Registry): void {
  const prompts = program.command('prompts').description('prompts: versions that never change, and labels that move');
  prompts.command('ls').description('list the prompts, each in the version its name stands for').action(action(async ({ client, print }) => {
    print.list((await client.prompts()).items, COLUMNS);
    return EXIT.ok;
  }));
  prompts.command('get').argument('<prompt>', 'name, name@3 or name@label').description('one version').action(action(async ({ client, print }, [reference = '']) => {
    const { name, selector } = readReference(reference);
    const prompt = await client.prompt(name, selector);
    print.one(prompt, textOf(prompt));
    return EXIT.ok;
  }));
  prompts.command('versions').argument('<name>').description('its versions, newest first').action(action(async ({ client, print }, [name = '']) => {
    print.list((await client.promptVersions(name)).items, COLUMNS);
    return EXIT.ok;
  }));
  prompts.command('add').argument('<file>', 'Markdown with front matter, such as report.md').option('--name <name>', 'absent: the name of the file').option('--reason <text>', 'kept in the audit').description('keep it as the next version').action(action((context, [file = ''], options) => add(context, file, options['name'])));
  prompts.command('label').argument('<name>').argument('<label>').argument('<version>').option('--reason <text>', 'kept in the audit').description('move a label to a version').action(action(async ({ client, print }, [name = '', label = '', version = '']) => {
    const prompt = await client.setPromptLabel(name, label, readWhole(version, '<version>', { min: 1, max: 1_000_000 }) ?? 1);
    print.one(prompt, `${name}@${label} is version ${prompt.version}`);
    return EXIT.ok;
  }));
  prompts.command('unlabel').argument('<name>').argument('<label>').option('--reason <text>', 'kept in the audit').description('take a label away').action(action(async (context, [name = '', label = '']) => {
    await context.client.removePromptLabel(name, label);
    context.note(`${name} has no label ${label} any more`);
    return EXIT.ok;
  }));
  prompts.command('preview').argument('<prompt>', 'name, name@3 or name@label').option('--variables <json>', 'an object', '{}').description('what it says with these variables; no model is asked').action(action((context, [reference = ''], options) => preview(context, reference, options['variables'])));
  prompts.command('diff').argument('<name>').argument('<from>', 'version or label').argument('[to]', 'version or label; latest when left out').description('how two versions differ').action(action(async ({ client, print }, [name = '', from = '', to]) => {
    const diff = await client.diffPrompt(name, from, to);
    print.one(diff, diffText(diff));
    return EXIT.ok;
  }));
}

const COLUMNS: readonly Column<Prompt>[] = [
  { title: 'prompt', value: (prompt) => prompt.name },
  { title: 'version', value: (prompt) => prompt.version, align: 'right' },
  { title: 'labels', value: (prompt) => prompt.labels.join(', ') },
  { title: 'from', value: (prompt) => prompt.createdAt ?? 'bundled' },
  { title: 'variables', value: (prompt) => Object.keys(prompt.input.properties).join(', ') },
  { title: 'description', value: (prompt) => shorten(prompt.description, 60) },
];

const textOf = ({ name, version, labels, description, system, user }: Prompt): string =>
  [`${name}@${version}${labels.length > 0 ? ` (${labels.join(', ')})` : ''}: ${description}`, ...(system === undefined ? [] : ['', '--- system', system]), '', '--- user', user].join('\n');

/** As `diff -u` marks lines, part by part. */
function diffText({ name, from, to, parts }: PromptDiff): string {
  if (parts.length === 0) return `versions ${from} and ${to} of ${name} are the same`;
  const marks = { same: ' ', added: '+', removed: '-' } as const;
  return parts.map(({ part, lines }) => [`--- ${part} of ${name}@${from}`, `+++ ${part} of ${name}@${to}`, ...lines.map(({ change, text }) => marks[change] + text)].join('\n')).join('\n\n');
}

function readReference(reference: string): { name: string; selector: { version?: number; label?: string } } {
  const [name = '', selector] = reference.split('@');
  if (selector === undefined) return { name, selector: {} };
  return { name, selector: /^\d+$/.test(selector) ? { version: Number(selector) } : { label: selector } };
}

async function add(context: CliContext, file: string, given: unknown): Promise<number> {
  const markdown = readText(file);
  // `report.3.md` is version 3 of report, as the files are called that come with the model service.
  const name = typeof given === 'string' ? given : basename(file).replace(/(\.\d+)?\.(md|markdown)$/, '');
  const prompt = await context.client.putPrompt(name, markdown);
  context.print.one(prompt, `${name} has version ${prompt.version}${prompt.labels.length > 0 ? ` (${prompt.labels.join(', ')})` : ''}`);
  return EXIT.ok;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function preview({ client, print }: CliContext, reference: string, variables: unknown): Promise<number> {
  const { name, selector } = readReference(reference);
  const shown = await client.previewPrompt(name, { ...selector, variables: readVariables(String(variables)) });
  print.one(shown, [`${name}@${shown.version ?? 'draft'}, about ${shown.inputTokens} tokens`, ...shown.messages.flatMap(({ role, content }) => ['', `--- ${role}`, content])].join('\n'));
  return EXIT.ok;
}

function readVariables(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return JSON.parse(text);
  } catch {
    // Said below.
  }
  throw new UsageError(`--variables must be a JSON object such as {"text": "…"}, not '${shorten(text, 60)}'`);
}
