import type { Page } from '@trivet/contracts';
import { getJson } from './http.js';

/** How many items one download takes at most; the rest is there for the API's own reader. */
const MOST_ITEMS = 100_000;

/**
 * Reads a whole list, page by page, and hands it to the reader as a file of JSON lines. `next`: the parameter that takes
 * the cursor. Resolves to how many lines the file has.
 */
export async function downloadList(path: string, name: string, { limit, next }: { limit: number; next: 'cursor' | 'after' }): Promise<number> {
  const lines: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<unknown> = await getJson(path, { limit, [next]: cursor ?? undefined });
    lines.push(...page.items.map((item) => JSON.stringify(item)));
    cursor = page.nextCursor;
  } while (cursor !== null && lines.length < MOST_ITEMS);
  offerFile(name, lines.map((line) => `${line}\n`).join(''), 'application/x-ndjson');
  return lines.length;
}

export function offerFile(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
