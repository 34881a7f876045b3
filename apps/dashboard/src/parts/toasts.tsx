import { useSyncExternalStore } from 'react';

interface Toast {
  id: number;
  tone: 'good' | 'bad';
  text: string;
}

const SHOWN_MS = 6_000;
let toasts: readonly Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function set(next: readonly Toast[]): void {
  toasts = next;
  for (const tell of listeners) tell();
}

/** Says in a corner what just happened; gone after six seconds. */
export function toast(text: string, tone: Toast['tone'] = 'good'): void {
  const id = ++lastId;
  set([...toasts, { id, tone, text }]);
  setTimeout(() => set(toasts.filter((one) => one.id !== id)), SHOWN_MS);
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div role="status" aria-live="polite" className="fixed right-4 bottom-4 z-50 grid max-w-sm gap-2">
      {shown.map((one) => (
        <p key={one.id} className={`rounded-md border border-line border-l-4 bg-surface px-3 py-2 shadow-lg ${one.tone === 'bad' ? 'border-l-bad' : 'border-l-good'}`}>
          {one.text}
        </p>
      ))}
    </div>
  );
}
