import { PageHead } from '../../parts/page-head.js';

export function ApprovalsPage() {
  return <PageHead title="Approvals" />;
}
