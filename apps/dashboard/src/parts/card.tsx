import type { ReactNode } from 'react';

/** A box with a heading. */
export function Card({ title, children, actions }: { title?: ReactNode; children: ReactNode; actions?: ReactNode }) {
  return (
    <section className="grid min-w-0 grid-cols-1 content-start gap-3 rounded-lg border border-line bg-surface p-4">
      {title && (
        <div className="flex flex-wrap items-center justify-between gap-2">
          <h2 className="font-semibold">{title}</h2>
          {actions}
        </div>
      )}
      {children}
    </section>
  );
}
