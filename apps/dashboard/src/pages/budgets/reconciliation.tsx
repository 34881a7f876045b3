import { useQuery } from '@tanstack/react-query';
import type { VendorBook } from '@trivet/contracts';
import { getJson } from '../../api/http.js';
import { usd, whole } from '../../formatting/numbers.js';
import { Loaded } from '../../parts/loading.js';
import { Notice } from '../../parts/notice.js';
import { Table, type Column } from '../../parts/table.js';
import { TextField } from '../../parts/fields.js';
import { one } from '../../search.js';
import { useFilters } from '../../use-filters.js';
import { daysAgo } from './usage.js';

type Vendor = VendorBook['vendors'][number];

const COLUMNS: Column<Vendor>[] = [
  { id: 'endpoint', head: 'Endpoint', cell: (row) => row.endpoint },
  { id: 'model', head: 'Model', cell: (row) => <span className="font-mono text-xs">{row.model}</span> },
  { id: 'reported', head: 'As the vendor says', cell: (row) => wordsOf(row.reported), right: true },
  { id: 'estimated', head: 'As we counted', cell: (row) => wordsOf(row.estimated), right: true },
  { id: 'lapsed', head: 'Charged in full', cell: (row) => wordsOf(row.lapsed), right: true, wideOnly: true },
];

const wordsOf = (charged: Vendor['reported']): string => (charged.attempts === 0 ? '–' : `${whole(charged.tokens)} tokens, ${usd(charged.nanoUsd)}`);

/** The books of a day: what a vendor's bill is compared with. */
export function Reconciliation() {
  const [filters, change] = useFilters();
  const day = one(filters['day']) || daysAgo(0);
  const query = useQuery({ queryKey: ['reconciliation', day], queryFn: ({ signal }) => getJson<VendorBook>('/api/v1/budgets/reconciliation', { day }, signal) });
  return (
    <div className="grid gap-4">
      <div className="max-w-xs">
        <TextField label="Day (UTC)" value={day} onChange={(value) => change({ day: value })} hint="YYYY-MM-DD" />
      </div>
      <Loaded query={query}>
        {(book) => (
          <>
            <Difference book={book} />
            {book.vendors.length === 0 ? <p className="text-muted">No vendor was asked on this day.</p> : <Table label="Books by vendor" columns={COLUMNS} rows={book.vendors} rowKey={(row) => `${row.endpoint}/${row.model}`} />}
            {book.unreported.length > 0 && <p className="text-muted">{whole(book.unreported.length)} attempts have no word of the vendor: {book.unreported.slice(0, 20).map((row) => row.attemptId).join(', ')}</p>}
          </>
        )}
      </Loaded>
    </div>
  );
}

function Difference({ book }: { book: VendorBook }) {
  if (book.difference === null) return <Notice>The ledger no longer keeps this day; the books remain.</Notice>;
  const same = book.difference.tokens === 0 && book.difference.nanoUsd === 0;
  if (same) return <Notice tone="good">Ledger and books agree to the token: {whole(book.total.tokens)} tokens, {usd(book.total.nanoUsd)}.</Notice>;
  return (
    <Notice tone="bad">
      The ledger differs from the books by {whole(book.difference.tokens)} tokens and {usd(book.difference.nanoUsd)}: Redis lost data in between, or one of them was changed by hand.
    </Notice>
  );
}
