import type { Ref } from 'react';
import { cellClass, type Column } from './column.js';

interface TableRowProps<Row> {
  columns: Column<Row>[];
  row: Row;
  /** The keyboard is on this row; undefined: no row can be chosen. */
  isChosen: boolean | undefined;
  /** Its place among all rows, from 0, where not all are drawn. */
  index?: number;
  ref?: Ref<HTMLTableRowElement>;
}

export function TableRow<Row>({ columns, row, isChosen, index, ref }: TableRowProps<Row>) {
  return (
    <tr ref={ref} data-index={index} aria-rowindex={index === undefined ? undefined : index + 2} aria-selected={isChosen} className={`border-b border-line last:border-0 hover:bg-raised ${isChosen ? 'bg-raised shadow-[inset_3px_0_0_var(--accent)]' : ''}`}>
      {columns.map((column) => (
        <td key={column.id} className={cellClass(column)}>
          {column.cell(row)}
        </td>
      ))}
    </tr>
  );
}
