import { PageHead } from '../../parts/page-head.js';
import { PageTabs } from '../../parts/page-tabs.js';
import { AccountList } from './account-list.js';
import { CostPage } from './cost.js';
import { Reconciliation } from './reconciliation.js';

/** What may be spent, what was, and on what. */
export function BudgetsPage() {
  return (
    <>
      <PageHead title="Budgets and cost" about="Hard limits: a call whose upper bound does not fit is not made. What is held is reserved by calls that run now." />
      <PageTabs
        label="Budgets and cost"
        tabs={[
          { id: 'accounts', label: 'Limits', show: () => <AccountList /> },
          { id: 'cost', label: 'Cost', show: () => <CostPage /> },
          { id: 'vendors', label: 'Against the vendors', show: () => <Reconciliation /> },
        ]}
      />
    </>
  );
}
