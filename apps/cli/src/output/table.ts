export interface Column<Item> {
  title: string;
  value: (item: Item) => string | number | boolean | null | undefined;
  /** Numbers stand at the right. */
  align?: 'right';
}

/** A plain table: a head, two spaces between columns, no lines. Values are one line each. */
export function formatTable<Item>(items: readonly Item[], columns: readonly Column<Item>[]): string {
  const cells = items.map((item) => columns.map((column) => oneLine(column.value(item))));
  const rows = [columns.map((column) => column.title.toUpperCase()), ...cells];
  const widths = columns.map((_column, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  const formatRow = (row: readonly string[]): string =>
    row.map((cell, index) => (columns[index]?.align === 'right' ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0))).join('  ').trimEnd();
  return rows.map(formatRow).join('\n');
}

/** Names and values, one a line, the values under each other. */
export function formatFields(fields: readonly (readonly [string, string | number | null | undefined])[]): string {
  const given = fields.filter(([, value]) => value !== null && value !== undefined && value !== '');
  const width = Math.max(0, ...given.map(([name]) => name.length));
  return given.map(([name, value]) => `${name.padEnd(width)}  ${String(value)}`).join('\n');
}

function oneLine(value: string | number | boolean | null | undefined): string {
  return value === null || value === undefined ? '–' : String(value).replaceAll(/\s+/g, ' ');
}
