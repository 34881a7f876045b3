import type { ReactNode } from 'react';

export interface Column<Row> {
  id: string;
  /** What stands in the head; an icon column gives a word for screen readers. */
  head: ReactNode;
  cell: (row: Row) => ReactNode;
  /** Numbers stand at the right. */
  right?: boolean;
  /** Left out below 640 px, where what matters must fit. */
  wideOnly?: boolean;
}

/** A plain table that scrolls sideways in its own box, so that the page never does. */
export function Table<Row>({ label, columns, rows, rowKey, chosenKey }: { label: string; columns: Column<Row>[]; rows: readonly Row[]; rowKey: (row: Row) => string; chosenKey?: string }) {
  const classOf = (column: Column<Row>) => `px-3 py-2 align-top ${column.right ? 'text-right tabular-nums' : 'text-left'} ${column.wideOnly ? 'hidden sm:table-cell' : ''}`;
  return (
    <div tabIndex={0} role="region" aria-label={label} className="overflow-x-auto rounded-lg border border-line bg-surface">
      <table className="w-full border-collapse">
        <thead>
          <tr className="border-b border-line text-xs text-muted">
            {columns.map((column) => (
              <th key={column.id} scope="col" className={`${classOf(column)} font-medium`}>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} aria-selected={chosenKey === undefined ? undefined : rowKey(row) === chosenKey} className={`border-b border-line last:border-0 hover:bg-raised ${rowKey(row) === chosenKey ? 'bg-raised' : ''}`}>
              {columns.map((column) => (
                <td key={column.id} className={classOf(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
