import { PageHead } from '../../parts/page-head.js';
import { Tabs } from '../../parts/tabs.js';
import { one } from '../../search.js';
import { useFilters } from '../../use-filters.js';
import { DeadLetters } from './dead-letters.js';
import { KeyLines } from './key-lines.js';
import { Queues } from './queues.js';
import { WorkerList } from './worker-list.js';

const TABS = [
  { id: 'workers', label: 'Workers' },
  { id: 'queues', label: 'Queues' },
  { id: 'keys', label: 'Lines by key' },
  { id: 'dead', label: 'Dead letters' },
];

/** Who works, what waits, and what could not be handled. */
export function WorkersPage() {
  const [filters, change] = useFilters();
  const tab = TABS.find(({ id }) => id === one(filters['tab']))?.id ?? 'workers';
  return (
    <>
      <PageHead title="Workers and queues" about="The processes of the three services as they are now, what waits for them, and messages that nobody could handle." />
      <Tabs label="Workers and queues" tabs={TABS} chosen={tab} onChoose={(id) => change({ tab: id === 'workers' ? undefined : id })}>
        {tab === 'workers' && <WorkerList />}
        {tab === 'queues' && <Queues />}
        {tab === 'keys' && <KeyLines />}
        {tab === 'dead' && <DeadLetters />}
      </Tabs>
    </>
  );
}
