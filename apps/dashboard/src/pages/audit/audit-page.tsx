import { PageHead } from '../../parts/page-head.js';

export function AuditPage() {
  return <PageHead title="Audit" />;
}
