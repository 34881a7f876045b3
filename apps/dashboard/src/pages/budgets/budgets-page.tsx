import { PageHead } from '../../parts/page-head.js';
import { Tabs } from '../../parts/tabs.js';
import { one } from '../../search.js';
import { useFilters } from '../../use-filters.js';
import { AccountList } from './account-list.js';
import { CostPage } from './cost.js';
import { Reconciliation } from './reconciliation.js';

const TABS = [
  { id: 'accounts', label: 'Limits' },
  { id: 'cost', label: 'Cost' },
  { id: 'vendors', label: 'Against the vendors' },
];

/** What may be spent, what was, and on what. */
export function BudgetsPage() {
  const [filters, change] = useFilters();
  const tab = TABS.find(({ id }) => id === one(filters['tab']))?.id ?? 'accounts';
  return (
    <>
      <PageHead title="Budgets and cost" about="Hard limits: a call whose upper bound does not fit is not made. What is held is reserved by calls that run now." />
      <Tabs label="Budgets and cost" tabs={TABS} chosen={tab} onChoose={(id) => change({ tab: id === 'accounts' ? undefined : id })}>
        {tab === 'accounts' && <AccountList />}
        {tab === 'cost' && <CostPage />}
        {tab === 'vendors' && <Reconciliation />}
      </Tabs>
    </>
  );
}
