import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useRef, useState, type Ref } from 'react';
import type { Column } from './column.js';
import { TableRow } from './table-row.js';
import { TableHead } from './table.js';

/** How high a row is thought to be until it was drawn, and what of the page the head covers. */
const ROW_PX = 76;
const HEAD_PX = 120;
const OVERSCAN = 20;

interface LongTableProps<Row> {
  label: string;
  columns: Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  chosenKey: string | undefined;
  /** A hook: what a row that is drawn really shows, where it is newer than the list. */
  useRow: (row: Row) => Row;
}

/** A table of thousands of rows in the page's own scroll: only those in sight are drawn. The row the keyboard is on is scrolled into sight. */
export function LongTable<Row>({ label, columns, rows, rowKey, chosenKey, useRow }: LongTableProps<Row>) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(Math.round((box.current?.getBoundingClientRect().top ?? 0) + scrollY)));
  const drawn = useWindowVirtualizer({ count: rows.length, estimateSize: () => ROW_PX, overscan: OVERSCAN, scrollMargin: top, scrollPaddingStart: HEAD_PX, scrollPaddingEnd: ROW_PX, getItemKey: (index) => keyAt(rows, index, rowKey) });
  useEffect(() => {
    const at = chosenKey === undefined ? -1 : rows.findIndex((row) => rowKey(row) === chosenKey);
    if (at < 0) return;
    return untilInSight(
      () => box.current?.querySelector('tr[aria-selected="true"]') ?? null,
      () => drawn.scrollToIndex(at, { align: 'auto' }),
    );
    // Only when the keyboard moves: rows that come must not move the page.
  }, [chosenKey]);
  const items = drawn.getVirtualItems();
  const above = (items[0]?.start ?? top) - top;
  const below = drawn.getTotalSize() - ((items.at(-1)?.end ?? top) - top);
  return (
    <div ref={box} tabIndex={0} role="region" aria-label={label} className="overflow-x-auto rounded-lg border border-line bg-surface">
      <table aria-rowcount={rows.length + 1} className="w-full table-fixed border-collapse sm:min-w-[54rem]">
        <TableHead columns={columns} />
        <tbody>
          <Gap px={above} />
          {items.map(({ index, key }) => {
            const row = rows[index];
            return row === undefined ? null : <DrawnRow key={key} ref={drawn.measureElement} columns={columns} row={row} index={index} isChosen={chosenKey === undefined ? undefined : rowKey(row) === chosenKey} useRow={useRow} />;
          })}
          <Gap px={below} />
        </tbody>
      </table>
    </div>
  );
}

/** A row that is in sight for so many frames stays there; for how many it is tried. */
const STEADY_FRAMES = 10;
const MOST_FRAMES = 120;

/**
 * Scrolls until a row is drawn and stays in sight: rows that are measured on the way are higher or lower than they were
 * thought to be, and push it away again. @returns what ends it early
 */
function untilInSight(row: () => Element | null, scroll: () => void): () => void {
  let frame = 0;
  let left = MOST_FRAMES;
  let steady = 0;
  const look = (): void => {
    const box = row()?.getBoundingClientRect();
    const inSight = box !== undefined && box.top >= HEAD_PX && box.bottom <= innerHeight;
    steady = inSight ? steady + 1 : 0;
    if (steady === STEADY_FRAMES || left-- === 0) return;
    if (!inSight) scroll();
    frame = requestAnimationFrame(look);
  };
  look();
  return () => cancelAnimationFrame(frame);
}

function keyAt<Row>(rows: readonly Row[], index: number, rowKey: (row: Row) => string): string {
  const row = rows[index];
  return row === undefined ? String(index) : rowKey(row);
}

/** The rows that are not drawn, as so much room. */
const Gap = ({ px }: { px: number }) => (px > 0 ? <tr aria-hidden style={{ height: `${px}px` }} /> : null);

interface DrawnRowProps<Row> {
  columns: Column<Row>[];
  row: Row;
  index: number;
  isChosen: boolean | undefined;
  useRow: (row: Row) => Row;
  ref: Ref<HTMLTableRowElement>;
}

const DrawnRow = <Row,>({ row, useRow, ...rest }: DrawnRowProps<Row>) => <TableRow {...rest} row={useRow(row)} />;
