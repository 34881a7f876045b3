import type { JsonValue } from '@trivet/contracts';

/** A source a text came from, as the bundled tools name it. */
export interface Source {
  title: string;
  url: string;
}

/** Fields whose text is the substance of an object; the rest of it is about the text. */
const SUBSTANCE = ['summary', 'text', 'content', 'answer', 'snippet', 'results'];

/** The prose in a value: a string itself; of an object its summary or text, else all its strings. */
export function proseOf(value: JsonValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === null) return '';
  if (Array.isArray(value)) return value.map(proseOf).filter(Boolean).join('\n\n');
  const substance = SUBSTANCE.flatMap((key) => value[key] ?? []);
  const parts = substance.length > 0 ? substance : Object.values(value).filter((part) => !isUrl(part));
  return parts.map(proseOf).filter(Boolean).join('\n\n');
}

/** Sources named anywhere in a value, each address once. */
export function sourcesOf(value: JsonValue): Source[] {
  const found = new Map<string, Source>();
  const visit = (part: JsonValue): void => {
    if (Array.isArray(part)) part.forEach(visit);
    else if (part !== null && typeof part === 'object') {
      const { title, url } = part;
      if (typeof url === 'string') found.set(url, { title: typeof title === 'string' ? title : url, url });
      Object.values(part).forEach(visit);
    }
  };
  visit(value);
  return [...found.values()];
}

const isUrl = (value: JsonValue): boolean => typeof value === 'string' && /^https?:\/\/\S+$/.test(value);
