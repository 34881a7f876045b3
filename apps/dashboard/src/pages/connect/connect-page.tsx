import { PageHead } from '../../parts/page-head.js';

export function ConnectPage() {
  return <PageHead title="Connect" />;
}
