import { PageHead } from '../../parts/page-head.js';

export function BudgetsPage() {
  return <PageHead title="Budgets and cost" />;
}
