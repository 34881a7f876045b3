import { PageHead } from '../../parts/page-head.js';

export function WorkflowsPage() {
  return <PageHead title="Workflows" />;
}
