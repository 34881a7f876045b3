/** A cell that is empty, that is a number, or any other. */
export type Cell = string | number | null;

export interface TableRow {
  cells: Cell[];
  /** The line of the CSV text on which it ends, from 1; a row with line breaks inside of quotes has several. */
  line: number;
}

export interface Table {
  columns: string[];
  rows: TableRow[];
}

/** The index of a column. Throws an Error that says which there are. */
export function findColumn(columns: readonly string[], name: string, whose = 'The table'): number {
  const index = columns.indexOf(name);
  if (index < 0) throw new Error(`${whose} has no column '${name}'; it has ${columns.map((each) => `'${each}'`).join(', ')}.`);
  return index;
}

export const cellOf = (table: Table, row: TableRow, column: string): Cell => row.cells[findColumn(table.columns, column)] ?? null;

const PLAIN_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
/** Beyond these digits a number would not come back as it was written. */
const MAX_DIGITS = 15;

/** What a text in the table is: codes with leading zeros and numbers of more than 15 digits stay text. */
export function readCell(text: string): Cell {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  if (!PLAIN_NUMBER.test(trimmed) || trimmed.replace(/[eE].*$/, '').replace(/\D/g, '').length > MAX_DIGITS) return text;
  const number = Number(trimmed);
  return Number.isFinite(number) ? number : text;
}
