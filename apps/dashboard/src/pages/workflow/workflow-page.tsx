import { PageHead } from '../../parts/page-head.js';

export function WorkflowPage() {
  return <PageHead title="Workflow" />;
}
