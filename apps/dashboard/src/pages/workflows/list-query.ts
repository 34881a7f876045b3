import { all, one, type Search } from '../../search.js';

/** The filters of the list, as the page's address and the API's query both write them. */
export const FILTERS = ['status', 'template', 'label', 'q', 'from', 'to'] as const;

export function listQuery(filters: Search): Record<string, string | string[] | undefined> {
  const labels = all(filters['label']).filter((label) => label.includes('='));
  return { status: all(filters['status']), template: one(filters['template']), label: labels, q: one(filters['q']), from: timeOf(filters['from']), to: timeOf(filters['to']) };
}

/** The same without the empty ones: the body of an action on all that match. */
export const bulkFilter = (filters: Search): Record<string, unknown> => Object.fromEntries(Object.entries(listQuery(filters)).filter(([, value]) => value !== undefined && value !== '' && [value].flat().length > 0));

/** A local time of the browser's field as ISO 8601; a half-typed one is none. */
function timeOf(value: Search[string]): string | undefined {
  const ms = Date.parse(one(value));
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

export const isFiltered = (filters: Search): boolean => FILTERS.some((name) => all(filters[name]).some(Boolean));
