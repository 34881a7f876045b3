import { Link } from '@tanstack/react-router';
import type { Attention } from '@trivet/contracts';
import { useState } from 'react';
import { Button } from '../../parts/button.js';
import { TimeAgo } from '../../parts/time-ago.js';

const SIGNS: Record<Attention['kind'], string> = { failed: 'failed', stuck: 'stuck', approval: 'asks', dead: 'dead letter' };
const EDGES: Record<Attention['kind'], string> = { failed: 'border-bad', stuck: 'border-warn', approval: 'border-busy', dead: 'border-bad' };
const SHOWN = 5;

/** What somebody should look at, each with where to go. */
export function AttentionList({ items }: { items: Attention[] }) {
  const [all, setAll] = useState(false);
  if (items.length === 0) return <p className="text-good">Nothing: no failure, nothing stuck, nobody asked.</p>;
  return (
    <>
      <ul className="grid grid-cols-1 gap-3">
        {(all ? items : items.slice(0, SHOWN)).map((item) => (
          <li key={`${item.kind} ${item.workflowId ?? ''} ${item.title} ${item.since ?? ''}`} className={`grid min-w-0 gap-0.5 border-l-4 pl-3 ${EDGES[item.kind]}`}>
            <span className="flex min-w-0 items-baseline gap-2">
              <span className="shrink-0 rounded bg-raised px-1.5 text-xs">{SIGNS[item.kind]}</span>
              <Target item={item} />
              {item.since && (
                <span className="ml-auto shrink-0 text-xs text-muted">
                  <TimeAgo at={item.since} />
                </span>
              )}
            </span>
            <span className="line-clamp-3 text-muted wrap-anywhere" title={item.sentence}>
              {item.sentence}
            </span>
          </li>
        ))}
      </ul>
      {items.length > SHOWN && (
        <div>
          <Button aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? 'Show fewer' : `Show all ${items.length}`}
          </Button>
        </div>
      )}
    </>
  );
}

function Target({ item }: { item: Attention }) {
  const look = 'min-w-0 truncate py-0.5 font-medium hover:underline';
  if (item.kind === 'approval') return <Link to="/approvals" search={{}} className={look}>{item.title}</Link>;
  if (item.kind === 'dead') return <Link to="/workers" search={{ tab: 'dead' }} className={look}>{item.title}</Link>;
  if (!item.workflowId) return <Link to="/workers" search={{}} className={look}>{item.title}</Link>;
  return <Link to="/workflows/$workflowId" params={{ workflowId: item.workflowId }} search={{}} className={look}>{item.title}</Link>;
}
