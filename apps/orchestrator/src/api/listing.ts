import { FailureError, WORKFLOW_STATUSES, parseOrFail } from '@trivet/contracts';
import { z } from 'zod';
import type { Entry, Glance } from './glances.js';

const MOST_ITEMS = 200;
const one = <Schema extends z.ZodType>(schema: Schema) => schema.optional();
const many = z.union([z.string(), z.array(z.string())]).transform((value) => (Array.isArray(value) ? value : [value]));

/** The query of GET /api/v1/workflows. Several labels of one key mean: any of them. */
const ListQuery = z.object({
  status: one(z.union([z.enum(WORKFLOW_STATUSES), z.array(z.enum(WORKFLOW_STATUSES))]).transform((value) => (Array.isArray(value) ? value : [value]))),
  label: one(many.refine((labels) => labels.every((label) => label.includes('=')), 'must be key=value')),
  template: one(z.string()),
  q: one(z.string().max(200)),
  from: one(z.coerce.date()),
  to: one(z.coerce.date()),
  cursor: one(z.string()),
  limit: z.coerce.number().int().min(1).max(MOST_ITEMS).default(50),
});
export type ListFilter = z.infer<typeof ListQuery>;

export const parseListQuery = (query: unknown): ListFilter => parseOrFail(ListQuery, query ?? {}, 'the query');

export function matches(filter: ListFilter, glance: Glance): boolean {
  if (filter.status && !filter.status.includes(glance.status)) return false;
  if (filter.template && glance.template !== filter.template) return false;
  if (filter.from && glance.createdMs < filter.from.getTime()) return false;
  if (filter.to && glance.createdMs > filter.to.getTime()) return false;
  const text = filter.q?.toLowerCase();
  if (text && !glance.goal.toLowerCase().includes(text) && !glance.workflowId.toLowerCase().includes(text)) return false;
  return labelsMatch(filter.label ?? [], glance.labels);
}

function labelsMatch(wanted: readonly string[], labels: Record<string, string>): boolean {
  const byKey = new Map<string, string[]>();
  for (const label of wanted) {
    const at = label.indexOf('=');
    const key = label.slice(0, at);
    byKey.set(key, [...(byKey.get(key) ?? []), label.slice(at + 1)]);
  }
  return [...byKey].every(([key, values]) => values.includes(labels[key] ?? ''));
}

export const encodeCursor = (position: Entry): string => Buffer.from(`${position.createdMs}.${position.workflowId}`).toString('base64url');

export function decodeCursor(cursor: string): Entry {
  const [createdMs, workflowId] = Buffer.from(cursor, 'base64url').toString('utf8').split(/\.(.*)/s);
  if (!createdMs || !/^\d+$/.test(createdMs) || !workflowId) throw new FailureError('invalid_request', 'The cursor is not one that a list gave.', { errors: [{ pointer: '/cursor', detail: 'is not a cursor' }] });
  return { createdMs: Number(createdMs), workflowId };
}
