import { groupRows, readColumn, type Output } from './columns.js';
import { findColumn, type Cell } from './table.js';
import { keeps, type Condition } from './conditions.js';
import { readTable } from './read-table.js';

interface Input {
  csv: string;
  query?: {
    /** A name, or what to compute; absent: every column, or the grouped ones and the count. */
    select?: Output[];
    /** All must hold. */
    where?: Condition[];
    groupBy?: string[];
    orderBy?: { column: string; descending?: boolean }[];
  };
  limit?: number;
}

type Row = Record<string, Cell>;

const DEFAULT_LIMIT = 100;

/** Answers a query over a CSV text whose first line names the columns. `total` counts the rows before the limit. */
export function run({ csv, query = {}, limit = DEFAULT_LIMIT }: Input): { columns: string[]; rows: Row[]; total: number } {
  const table = readTable(csv);
  const { where = [], groupBy = [], orderBy = [] } = query;
  const kept = table.rows.filter((row) => where.every((condition) => keeps(table, row, condition)));
  const select = query.select ?? (groupBy.length > 0 ? [...groupBy, { fn: 'count' as const }] : table.columns);
  const grouped = groupBy.length > 0 || select.some((output) => typeof output !== 'string' && output.fn !== undefined);
  const outputs = select.map((output) => readColumn(table, output, grouped ? groupBy : null));
  const columns = outputs.map(({ name }) => name);
  const double = columns.find((name, index) => columns.indexOf(name) !== index);
  if (double !== undefined) throw new Error(`Two columns of the result are called '${double}'; give one of them another name with "as".`);
  const sources = grouped ? groupRows(table, kept, groupBy) : kept.map((row) => [row]);
  const rows = sources.map((group) => Object.fromEntries(outputs.map(({ name, of }) => [name, of(group)])));
  for (const { column, descending } of orderBy.toReversed()) {
    findColumn(columns, column, 'The result');
    rows.sort((left, right) => (descending ? -1 : 1) * compareCells(left[column] ?? null, right[column] ?? null));
  }
  return { columns, rows: rows.slice(0, limit), total: rows.length };
}

/** Numbers before text, and nothing last. */
function compareCells(left: Cell, right: Cell): number {
  if (left === null || right === null) return Number(left === null) - Number(right === null);
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left !== typeof right) return typeof left === 'number' ? -1 : 1;
  return left < right ? -1 : Number(left > right);
}
