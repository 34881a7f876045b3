import { cellClass, type Column } from './column.js';
import { TableRow } from './table-row.js';

export type { Column } from './column.js';

/** A plain table that scrolls sideways in its own box, so that the page never does. */
export function Table<Row>({ label, columns, rows, rowKey, chosenKey }: { label: string; columns: Column<Row>[]; rows: readonly Row[]; rowKey: (row: Row) => string; chosenKey?: string }) {
  return (
    <div tabIndex={0} role="region" aria-label={label} className="overflow-x-auto rounded-lg border border-line bg-surface">
      <table className="w-full border-collapse">
        <TableHead columns={columns} />
        <tbody>
          {rows.map((row) => (
            <TableRow key={rowKey(row)} columns={columns} row={row} isChosen={chosenKey === undefined ? undefined : rowKey(row) === chosenKey} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function TableHead<Row>({ columns }: { columns: Column<Row>[] }) {
  return (
    <thead>
      <tr className="border-b border-line text-xs text-muted">
        {columns.map((column) => (
          <th key={column.id} scope="col" className={`${cellClass(column)} ${column.width ?? ''} font-medium`}>
            {column.head}
          </th>
        ))}
      </tr>
    </thead>
  );
}
