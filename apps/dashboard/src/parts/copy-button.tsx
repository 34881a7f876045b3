import { useState } from 'react';

const SHOWN_MS = 1_500;

/** Copies a text; says for a moment that it did, or that it could not (a page without a secure origin has no clipboard). */
export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [said, setSaid] = useState<string>();
  const copy = async () => {
    const done = await navigator.clipboard?.writeText(text).then(() => true, () => false);
    setSaid(done ? 'Copied' : 'Select and copy by hand');
    setTimeout(() => setSaid(undefined), SHOWN_MS);
  };
  return (
    <button type="button" onClick={() => void copy()} aria-label={`${label}: ${text.slice(0, 60)}`} className="min-h-6 rounded border border-line bg-surface px-1.5 py-0.5 text-xs text-muted hover:bg-raised hover:text-ink">
      {said ?? label}
    </button>
  );
}
