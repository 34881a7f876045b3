import { PageHead } from '../../parts/page-head.js';
import { PageTabs } from '../../parts/page-tabs.js';
import { DeadLetters } from './dead-letters.js';
import { KeyLines } from './key-lines.js';
import { Queues } from './queues.js';
import { WorkerList } from './worker-list.js';

/** Who works, what waits, and what could not be handled. */
export function WorkersPage() {
  return (
    <>
      <PageHead title="Workers and queues" about="The processes of the three services as they are now, what waits for them, and messages that nobody could handle." />
      <PageTabs
        label="Workers and queues"
        tabs={[
          { id: 'workers', label: 'Workers', show: () => <WorkerList /> },
          { id: 'queues', label: 'Queues', show: () => <Queues /> },
          { id: 'keys', label: 'Lines by key', show: () => <KeyLines /> },
          { id: 'dead', label: 'Dead letters', show: () => <DeadLetters /> },
        ]}
      />
    </>
  );
}
