import { FailureError, type JsonObject } from '@trivet/contracts';
import Mustache from 'mustache';

/** A rendered message is no longer than a message may be. */
const MOST_CHARACTERS = 4_000_000;
/** Tags and texts that are visited: sections in sections of one list grow fast. */
const MOST_STEPS = 500_000;

type Token = ReturnType<typeof Mustache.parse>[number];

/** What of a template's tags is not allowed: tags for unknown variables, unescaped tags, partials and other delimiters; and a section that is not closed. */
export function templateMistakes(template: string, variables: readonly string[]): string[] {
  const form = tagMistake(template);
  if (form !== null) return [form];
  try {
    return [...new Set(mistakesIn(parse(template), new Set(variables)))].slice(0, MOST_MISTAKES);
  } catch (error) {
    return [`cannot be read: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** Without the library's memory of templates, which keeps each for ever. */
const parse = (template: string): readonly Token[] => new Mustache.Writer().parse(template);

/** Names are short: the library takes time that grows with the square of a tag, and with its dots. */
const MOST_TAG_CHARACTERS = 200;
const MOST_PARTS = 10;
const MOST_MISTAKES = 50;
const MOST_SHOWN = 20;

function tagMistake(template: string): string | null {
  for (let at = template.indexOf('{{'); at !== -1; at = template.indexOf('{{', at + 2)) {
    const tag = template.slice(at, at + MOST_TAG_CHARACTERS + 4);
    const end = tag.indexOf('}}');
    if (end === -1) return `has a tag at character ${at} that is not closed, or longer than ${MOST_TAG_CHARACTERS} characters`;
    if (tag.slice(0, end).split('.').length > MOST_PARTS) return `has the tag ${tag.slice(0, 40)}… with more than ${MOST_PARTS} parts`;
  }
  return null;
}

/** @param variables null: inside a section, where names may be of the item */
function mistakesIn(tokens: readonly Token[], variables: ReadonlySet<string> | null): string[] {
  return tokens.flatMap((token) => {
    const [kind, name] = token;
    if (kind === 'text' || kind === '!') return [];
    if (kind === '>' || kind === '&' || kind === '=') return [`has the tag {{${kind} ${name}}}; only {{name}}, {{#name}} and {{^name}} are allowed`];
    const isKnown = variables === null || variables.has(name.split('.')[0] ?? '');
    const own = isKnown ? [] : [`uses {{${name}}}, which is not among its variables: ${listed(variables)}`];
    return [...own, ...mistakesIn(insideOf(token), null)];
  });
}

function listed(variables: ReadonlySet<string> | null): string {
  const names = [...(variables ?? [])];
  return names.length === 0 ? 'it has none' : `${names.slice(0, MOST_SHOWN).join(', ')}${names.length > MOST_SHOWN ? ` and ${names.length - MOST_SHOWN} more` : ''}`;
}

/**
 * Fills in a template. The library reads it; names are looked up and what is written is counted here, since sections may
 * multiply lists, and the library would call what it finds. A value is never read as a template, and gives nothing but its own data.
 * @throws FailureError prompt_variables_invalid when the text would be too long
 */
export function renderTemplate(template: string, variables: JsonObject, name: string): string {
  const pieces: string[] = [];
  let [characters, steps] = [0, 0];
  const write = (text: string): void => {
    characters += text.length;
    if (characters > MOST_CHARACTERS) throw tooLong(name, `${MOST_CHARACTERS} characters`);
    pieces.push(text);
  };
  const step = (): void => {
    steps += 1;
    if (steps > MOST_STEPS) throw tooLong(name, `${MOST_STEPS} tags, texts and items`);
  };
  const render = (tokens: readonly Token[], scopes: readonly unknown[]): void => {
    for (const token of tokens) {
      step();
      const [kind, value] = token;
      if (kind === 'text') write(value);
      else if (kind === 'name') write(textOf(lookUp(value, scopes)));
      else if (kind === '#') renderItems(token, itemsOf(lookUp(value, scopes)), scopes);
      else if (kind === '^' && itemsOf(lookUp(value, scopes)).length === 0) render(insideOf(token), scopes);
    }
  };
  const renderItems = (section: Token, items: readonly unknown[], scopes: readonly unknown[]): void => {
    for (const item of items) {
      step();
      render(insideOf(section), [item, ...scopes]);
    }
  };
  render(parse(template), [variables]);
  return pieces.join('');
}

const insideOf = (token: Token): readonly Token[] => (Array.isArray(token[4]) ? token[4] : []);

/** A section is shown for each item of a list, and once for anything else that is not empty. */
function itemsOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null || value === false || value === '' || value === 0 ? [] : [value];
}

const textOf = (value: unknown): string => (value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value));

const tooLong = (name: string, limit: string): FailureError => new FailureError('prompt_variables_invalid', `Prompt ${name} would be longer than ${limit} with these variables, which is the limit.`, { hint: 'Give it shorter texts or lists.' });

/** A name in the innermost scope that has it, then its parts one after the other; own data only. */
function lookUp(name: string, scopes: readonly unknown[]): unknown {
  if (name === '.') return scopes[0];
  const [first = '', ...rest] = name.split('.');
  const scope = scopes.find((each) => ownValue(each, first) !== undefined);
  return rest.reduce<unknown>(ownValue, ownValue(scope, first));
}

function ownValue(value: unknown, name: string): unknown {
  if (value === null || typeof value !== 'object' || !Object.hasOwn(value, name) || (Array.isArray(value) && !/^\d+$/.test(name))) return undefined;
  const found: unknown = Object.getOwnPropertyDescriptor(value, name)?.value;
  return found;
}
