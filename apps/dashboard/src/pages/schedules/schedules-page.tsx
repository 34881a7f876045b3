import { PageHead } from '../../parts/page-head.js';

export function SchedulesPage() {
  return <PageHead title="Schedules" />;
}
