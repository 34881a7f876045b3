import { PageHead } from '../../parts/page-head.js';

export function ToolsPage() {
  return <PageHead title="Tools" />;
}
