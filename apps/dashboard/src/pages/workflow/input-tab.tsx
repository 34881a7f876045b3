import { JsonBlock } from '../../parts/code-block.js';
import type { LiveEvents } from './use-events.js';

/** The task as it was sent, and the plan it follows. */
export function InputTab({ live }: { live: LiveEvents }) {
  const accepted = live.events.find(({ type }) => type === 'task.accepted')?.data;
  if (!accepted) return <p role="status">Reading the first event …</p>;
  return (
    <div className="grid gap-4">
      <section className="grid gap-2">
        <h2 className="font-semibold">Task, by {String(accepted['source'])}</h2>
        <JsonBlock label="Task" value={accepted['task']} />
      </section>
      <section className="grid gap-2">
        <h2 className="font-semibold">Plan</h2>
        <JsonBlock label="Plan" value={accepted['plan']} />
      </section>
    </div>
  );
}
