import { PageHead } from '../../parts/page-head.js';

export function PromptsPage() {
  return <PageHead title="Prompts and playground" />;
}
