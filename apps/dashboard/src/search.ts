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

const isText = (value: unknown): boolean => typeof value === 'string' || typeof value === 'number';

/** Filters from whatever stood in an address or a link: texts stay, anything else goes. */
export function filtersOf(search: Record<string, unknown>): Search {
  const filters: Search = {};
  for (const [name, value] of Object.entries(search)) {
    if (isText(value)) filters[name] = String(value);
    else if (Array.isArray(value)) filters[name] = value.filter(isText).map(String);
  }
  return filters;
}

/** The first value of a filter; '' when it is not set. */
export const one = (value: string | string[] | undefined): string => [value].flat()[0] ?? '';

/** All values of a filter. */
export const all = (value: string | string[] | undefined): string[] => [value].flat().filter((text) => text !== undefined);
