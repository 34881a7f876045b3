import type { ReactNode } from 'react';

const TONES = { bad: 'border-bad text-bad', warn: 'border-warn text-warn', good: 'border-good text-good', plain: 'border-line text-muted' };

/** A sentence that must be seen: a refusal, a wait, a success. */
export function Notice({ tone = 'plain', children }: { tone?: keyof typeof TONES; children: ReactNode }) {
  return (
    <div role={tone === 'bad' ? 'alert' : 'status'} className={`rounded-md border-l-4 bg-surface px-3 py-2 ${TONES[tone]}`}>
      {children}
    </div>
  );
}
