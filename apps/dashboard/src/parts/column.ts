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
  /** A class that says how wide it is, such as `w-28`; only a table of many rows needs it, and one column of it takes what is left. */
  width?: string;
}

export const cellClass = <Row>({ right, wideOnly }: Column<Row>): string => `px-3 py-2 align-top ${right ? 'text-right tabular-nums' : 'text-left'} ${wideOnly ? 'hidden sm:table-cell' : ''}`;
