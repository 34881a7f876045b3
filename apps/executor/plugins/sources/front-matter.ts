/** A document with the fields between its leading `---` lines. */
export interface Document {
  name: string;
  title: string;
  url: string | null;
  text: string;
}

/** Reads `title:` and `url:` of a document; without front matter its first heading, then its name, is the title. */
export function parseDocument(name: string, content: string): Document {
  const match = /^---\r?\n([\s\S]*?)\r?\n---\r?\n/.exec(content);
  const fields = new Map((match?.[1] ?? '').split(/\r?\n/).map((line) => splitField(line)));
  const text = (match ? content.slice(match[0].length) : content).trim();
  const heading = /^#\s+(.+)$/m.exec(text)?.[1];
  return { name, title: fields.get('title') ?? heading ?? name, url: fields.get('url') ?? null, text };
}

function splitField(line: string): [string, string] {
  const at = line.indexOf(':');
  return at < 0 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim().replace(/^"(.*)"$/, '$1')];
}
