import type { ReactNode } from 'react';

/** What stands where nothing is yet: a sentence, and what to do about it (a snippet that works, a button). */
export function EmptyState({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="grid min-w-0 grid-cols-1 gap-3 rounded-lg border border-dashed border-line bg-surface p-6">
      <p className="text-base font-medium">{title}</p>
      {children}
    </div>
  );
}
