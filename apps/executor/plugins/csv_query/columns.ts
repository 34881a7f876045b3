import { Decimal } from 'decimal.js';
import { cellOf, findColumn, type Cell, type Table, type TableRow } from './table.js';

/** A column of the result: a column of the table, perhaps under another name, or a figure over the rows of a group. */
export type Output = string | { column?: string; fn?: 'count' | 'sum' | 'avg' | 'min' | 'max'; as?: string };

export interface ResultColumn {
  name: string;
  of(group: readonly TableRow[]): Cell;
}

/** `groupBy` is null where nothing is grouped. Throws an Error for a column that is not there, or not the same for a group. */
export function readColumn(table: Table, output: Output, groupBy: readonly string[] | null): ResultColumn {
  const { column, fn, as } = typeof output === 'string' ? { column: output } : { ...output };
  if (column !== undefined) findColumn(table.columns, column);
  if (fn !== undefined) return figure(table, fn, column, as);
  if (column === undefined) throw new Error('An entry of "select" needs "column" or "fn".');
  if (groupBy && !groupBy.includes(column)) throw new Error(`Column '${column}' differs within a group; put it into "groupBy", or select a figure over it (count, sum, avg, min, max).`);
  return { name: as ?? column, of: ([first]) => (first ? cellOf(table, first, column) : null) };
}

/** The rows that have the same cells in the columns, in the order in which they first come; one group of all for no columns. */
export function groupRows(table: Table, rows: readonly TableRow[], columns: readonly string[]): TableRow[][] {
  if (columns.length === 0) return [[...rows]];
  const groups = new Map<string, TableRow[]>();
  for (const row of rows) {
    const key = JSON.stringify(columns.map((column) => cellOf(table, row, column)));
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups.values()];
}

type Figure = NonNullable<Exclude<Output, string>['fn']>;

function figure(table: Table, fn: Figure, column: string | undefined, as: string | undefined): ResultColumn {
  const name = as ?? (column === undefined ? fn : `${fn}_${column}`);
  if (fn === 'count') return { name, of: (group) => (column === undefined ? group.length : group.filter((row) => cellOf(table, row, column) !== null).length) };
  if (column === undefined) throw new Error(`"${fn}" needs a column.`);
  return { name, of: (group) => compute(fn, group.flatMap((row) => numberOf(table, row, column, fn))) };
}

/** Empty cells count for nothing. */
function numberOf(table: Table, row: TableRow, column: string, fn: string): number[] {
  const cell = cellOf(table, row, column);
  if (cell === null) return [];
  if (typeof cell === 'string') throw new Error(`Line ${row.line}, column '${column}': '${cell}' is no number, and "${fn}" needs numbers; leave the row out with "where", or clean the column.`);
  return [cell];
}

/** Sums are exact in decimal: 0.1 and 0.2 make 0.3. */
function compute(fn: Exclude<Figure, 'count'>, numbers: readonly number[]): Cell {
  if (fn === 'sum') return sum(numbers).toNumber();
  if (numbers.length === 0) return null;
  if (fn === 'avg') return sum(numbers).div(numbers.length).toNumber();
  return numbers.reduce((best, number) => (fn === 'min' ? Math.min(best, number) : Math.max(best, number)));
}

const sum = (numbers: readonly number[]): Decimal => numbers.reduce((total, number) => total.plus(number), new Decimal(0));
