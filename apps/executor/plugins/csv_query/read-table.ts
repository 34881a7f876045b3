import { parse } from 'csv-parse/browser/esm/sync';
import { readCell, type Table, type TableRow } from './table.js';

interface ParsedRow {
  record: string[];
  info: { lines: number };
}

/**
 * Reads CSV: the first row names the columns, empty lines are passed over, the delimiter is found by looking. Throws an
 * Error that says the line, and the column where it is one.
 */
export function readTable(csv: string): Table {
  const [header, ...body] = parseRows(csv);
  if (!header) throw new Error('The CSV has no rows; its first row must name the columns.');
  return { columns: checkColumns(header), rows: body.map((row) => readRow(row, header.record.length)) };
}

function parseRows(csv: string): ParsedRow[] {
  const rows: ParsedRow[] = [];
  const keep = (record: string[], { lines }: { lines: number }): null => {
    rows.push({ record, info: { lines } });
    return null;
  };
  try {
    parse(csv, { bom: true, delimiter: findDelimiter(csv), relax_column_count: true, skip_empty_lines: true, on_record: keep });
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    const column = 'column' in error && typeof error.column === 'number' ? `, column ${error.column + 1}` : '';
    throw new Error(`The CSV is broken in the row after line ${rows.at(-1)?.info.lines ?? 0}${column}: ${REASONS[String(error.code)] ?? error.message}`);
  }
  return rows;
}

const REASONS: { [code: string]: string } = {
  CSV_QUOTE_NOT_CLOSED: 'a quoted field has no closing quote.',
  CSV_INVALID_CLOSING_QUOTE: 'something follows the closing quote of a field; a quote inside of a quoted field must be doubled.',
  INVALID_OPENING_QUOTE: 'a quote stands inside of a field that does not begin with one; put the whole field into quotes and double those inside.',
};

const DELIMITERS = [',', ';', '\t', '|'];

/** The one that the first line has most of, outside of quotes. */
function findDelimiter(csv: string): string {
  const line = csv.trimStart().split(/\r\n|\n|\r/, 1)[0] ?? '';
  const bare = line.replaceAll(/"[^"]*"/g, '');
  const counts = DELIMITERS.map((delimiter) => bare.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ',';
}

function checkColumns({ record, info }: ParsedRow): string[] {
  const columns = record.map((text) => text.trim());
  for (const [index, name] of columns.entries()) {
    const place = `Line ${info.lines}, column ${index + 1}`;
    if (name === '') throw new Error(`${place}: the column has no name; the first row must name every column.`);
    if (columns.indexOf(name) !== index) throw new Error(`${place}: the name '${name}' is that of column ${columns.indexOf(name) + 1} too.`);
  }
  return columns;
}

function readRow({ record, info }: ParsedRow, expected: number): TableRow {
  if (record.length !== expected) throw new Error(`Line ${info.lines} has ${record.length} fields; the first row names ${expected} columns.`);
  return { cells: record.map(readCell), line: info.lines };
}
