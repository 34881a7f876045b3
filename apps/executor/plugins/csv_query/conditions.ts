import { cellOf, type Cell, type Table, type TableRow } from './table.js';

export interface Condition {
  column: string;
  op: '=' | '!=' | '<' | '<=' | '>' | '>=' | 'contains' | 'startsWith' | 'endsWith' | 'in' | 'empty' | 'notEmpty';
  value?: Cell | boolean | Cell[];
}

/** Whether a row meets a condition. Text is compared as text, numbers as numbers; an empty cell meets only = null, != and empty. */
export function keeps(table: Table, row: TableRow, condition: Condition): boolean {
  const { op, column, value = null } = condition;
  const cell = cellOf(table, row, column);
  if (op === 'empty') return cell === null;
  if (op === 'notEmpty') return cell !== null;
  if (op === 'in') {
    if (!Array.isArray(value)) throw new Error(`The condition on '${column}' needs a list as its value for "in".`);
    return value.some((each) => isSame(cell, each));
  }
  if (Array.isArray(value)) throw new Error(`The condition on '${column}' has a list as its value; only "in" takes one.`);
  if (op === '=') return isSame(cell, value);
  if (op === '!=') return !isSame(cell, value);
  if (value === null || typeof value === 'boolean') throw new Error(`The condition on '${column}' needs a number or a text as its value for "${op}".`);
  if (cell === null) return false;
  if (op === 'contains') return String(cell).includes(String(value));
  if (op === 'startsWith') return String(cell).startsWith(String(value));
  if (op === 'endsWith') return String(cell).endsWith(String(value));
  return ORDER[op](compare(row, column, cell, value));
}

const ORDER = {
  '<': (order: number): boolean => order < 0,
  '<=': (order: number): boolean => order <= 0,
  '>': (order: number): boolean => order > 0,
  '>=': (order: number): boolean => order >= 0,
};

/** A number in the table equals the same number written as text in the query, and true equals the text true. */
const isSame = (cell: Cell, value: Cell | boolean): boolean => (cell === null || value === null ? cell === value : String(cell) === String(value));

function compare(row: TableRow, column: string, cell: string | number, value: string | number): number {
  if (typeof value === 'number' && typeof cell !== 'number') throw new Error(`Line ${row.line}, column '${column}': '${cell}' is no number and cannot be compared with ${value}.`);
  if (typeof cell === 'number' && typeof value === 'number') return cell - value;
  return String(cell) < String(value) ? -1 : Number(String(cell) > String(value));
}
