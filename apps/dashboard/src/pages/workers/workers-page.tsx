import { PageHead } from '../../parts/page-head.js';

export function WorkersPage() {
  return <PageHead title="Workers and queues" />;
}
