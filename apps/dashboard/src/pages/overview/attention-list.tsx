import { Link } from '@tanstack/react-router';
import type { Attention } from '@trivet/contracts';
import { TimeAgo } from '../../parts/time-ago.js';

const SIGNS: Record<Attention['kind'], string> = { failed: 'failed', stuck: 'stuck', approval: 'asks', dead: 'dead letter' };

/** What somebody should look at, each with where to go. */
export function AttentionList({ items }: { items: Attention[] }) {
  if (items.length === 0) return <p className="text-good">Nothing: no failure, nothing stuck, nobody asked.</p>;
  return (
    <ul className="grid gap-3">
      {items.map((item, index) => (
        <li key={index} className="grid gap-0.5 border-l-4 border-warn pl-3">
          <span className="flex flex-wrap items-center gap-2">
            <span className="rounded bg-raised px-1.5 text-xs">{SIGNS[item.kind]}</span>
            <Target item={item} />
            {item.since && (
              <span className="text-xs text-muted">
                <TimeAgo at={item.since} />
              </span>
            )}
          </span>
          <span className="text-muted">{item.sentence}</span>
        </li>
      ))}
    </ul>
  );
}

function Target({ item }: { item: Attention }) {
  const look = 'line-clamp-1 font-medium hover:underline';
  if (item.kind === 'approval') return <Link to="/approvals" search={{}} className={look}>{item.title}</Link>;
  if (item.kind === 'dead') return <Link to="/workers" search={{ tab: 'dead' }} className={look}>{item.title}</Link>;
  if (!item.workflowId) return <Link to="/workers" search={{}} className={look}>{item.title}</Link>;
  return <Link to="/workflows/$workflowId" params={{ workflowId: item.workflowId }} search={{}} className={look}>{item.title}</Link>;
}
