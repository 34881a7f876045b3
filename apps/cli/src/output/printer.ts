import { formatTable, type Column } from './table.js';

export const OUTPUT_FORMATS = ['table', 'json', 'ndjson'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** Writes data to stdout in the format that was asked for. */
export interface Printer {
  readonly format: OutputFormat;
  /** A list: a table, one JSON array, or one JSON document a line. `empty` is said when there is nothing, in a table only. */
  list<Item>(items: readonly Item[], columns: readonly Column<Item>[], empty?: string): void;
  /** One thing: the text a person reads, or its JSON. */
  one(value: unknown, text: string): void;
  /** A line that exists only for people: nothing in the JSON formats. */
  text(line: string): void;
}

export function printer(format: OutputFormat, stdout: NodeJS.WritableStream): Printer {
  const write = (text: string): void => void stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  return {
    format,
    list: (items, columns, empty = 'nothing yet') => {
      if (format === 'json') write(JSON.stringify(items, null, 2));
      else if (format === 'ndjson') for (const item of items) write(JSON.stringify(item));
      else write(items.length === 0 ? empty : formatTable(items, columns));
    },
    one: (value, text) => write(format === 'table' ? text : format === 'json' ? JSON.stringify(value, null, 2) : JSON.stringify(value)),
    text: (line) => {
      if (format === 'table') write(line);
    },
  };
}
