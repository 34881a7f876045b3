/** The filters of a page as they stand in its address: text, or several texts under one name. */
export type Search = Record<string, string | string[] | undefined>;

/** `?status=failed&status=running&q=acme` as `{ status: ['failed', 'running'], q: 'acme' }`: readable, and the same as the API's own query. */
export function parseSearch(text: string): Search {
  const search: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const before = search[name];
    search[name] = before === undefined ? value : [before, value].flat();
  }
  return search;
}

export function stringifySearch(search: Record<string, unknown>): string {
  const pairs = Object.entries(search).flatMap(([name, value]) => [value].flat().filter((one) => one !== undefined && one !== '').map((one) => [name, String(one)]));
  const text = new URLSearchParams(pairs).toString();
  return text ? `?${text}` : '';
}

/** The first value of a filter; '' when it is not set. */
export const one = (value: string | string[] | undefined): string => [value].flat()[0] ?? '';

/** All values of a filter. */
export const all = (value: string | string[] | undefined): string[] => [value].flat().filter((text) => text !== undefined);
