import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { sentenceOf } from '../api/problem.js';
import { Button } from './button.js';
import { Notice } from './notice.js';

/** A query's three states: still asked, refused (what was said, and a way to ask again), or there. What was there before stays while it is asked anew. */
export function Loaded<Data>({ query, children }: { query: UseQueryResult<Data>; children: (data: Data) => ReactNode }) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) {
    return (
      <Notice tone="bad">
        <p className="mb-2">{sentenceOf(query.error)}</p>
        <Button onClick={() => void query.refetch()}>Ask again</Button>
      </Notice>
    );
  }
  return (
    <div role="status" aria-label="Loading" className="grid gap-2">
      {[0, 1, 2].map((row) => (
        <div key={row} className="h-9 animate-pulse rounded-md bg-raised" />
      ))}
    </div>
  );
}
